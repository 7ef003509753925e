const { follow, clear } = require('../../utils/log')
const { texts } = require('../../utils/texts')

Component({
  data: { open: false, lines: [], t: texts() },
  lifetimes: {
    attached() {
      this.unfollow = follow((lines) => this.setData({ lines: lines.slice().reverse() }))
    },
    detached() {
      this.unfollow()
    },
  },
  methods: {
    toggle() {
      this.setData({ open: !this.data.open })
    },
    clear,
  },
})
