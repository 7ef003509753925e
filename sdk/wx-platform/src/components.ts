/** Registration of components, and the few things of the runtime that only a component with a face needs. */

/** Registers the component of the file that is being loaded. */
export function registerComponent(definition: object): void {
  if (typeof Component === 'function') {
    Component(definition);
  }
}

/** A short message over the page. */
export function toast(title: string): void {
  optional(() => wx.showToast?.({ title, icon: 'none' }));
}

/** Whether the screen may go dark by itself. */
export function keepScreenOn(keepScreenOn: boolean): void {
  optional(() => wx.setKeepScreenOn?.({ keepScreenOn }));
}

/** The user's language, such as `zh_CN`; empty if the runtime does not say. */
export function language(): string {
  let text = '';
  optional(() => (text = wx.getSystemInfoSync?.().language ?? ''));
  return text;
}

/** What some phones lack, and nobody misses. */
function optional(run: () => void): void {
  try {
    run();
  } catch {
    // The phone does without.
  }
}
