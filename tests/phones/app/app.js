App({
  globalData: {},
  onLaunch() {},
})
