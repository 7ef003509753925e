// A page with a voice room as the vendor's quick start has it: config, selectComponent, enterRoom with a handler. What it is
// told stays in its data.
Page({
  data: { config: {}, appID: '', roomID: '', userID: '', authBuffer: '', results: {}, told: [], volumes: {}, list: [] },

  onLoad({ single = false, idle = false, ...config }) {
    this.setData(single ? config : { config }, () => {
      this.gme = this.selectComponent('#gme')
      if (!idle) this.enter()
    })
  },

  enter() {
    const { OK } = this.gme.ERROR_TYPE
    const result = this.gme.enterRoom((type, params) => this.heard(type, params))
    this.setData({ 'results.enterRoom': result === OK ? 'OK' : result })
  },

  heard(type, params) {
    if (type === this.gme.EVENT_TYPE.EVENT_AUDIO_VOLUME_UPDATE) {
      const { count = 0 } = this.data.volumes[params.userID] ?? {}
      this.setData({ volumes: { ...this.data.volumes, [params.userID]: { ...params, count: count + 1 } } })
      return
    }
    this.setData({ told: [...this.data.told, { type, params }], list: this.gme.getRemoteUserList() })
  },

  /** As a page does that has an `ArrayBuffer` from its token server and makes a list of it, or does not. */
  setBytes(list, whole) {
    const bytes = new Uint8Array(list)
    this.set({ authBuffer: whole ? bytes.buffer : bytes })
  },

  set(config) {
    this.setData({ config: { ...this.data.config, ...config } })
  },

  run(method, ...args) {
    this.setData({ [`results.${method}`]: this.gme[method](...args) })
  },
})
