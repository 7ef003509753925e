/** What a keyboard and a screen reader reach: views that answer taps, and what covers a page. */

/** What browsers reach by themselves, what has a control of its own inside, and what holds others and answers taps for them. */
const BY_ITSELF = 'button, input, textarea, label, switch, slider, checkbox, radio, form, scroll-view, swiper, page, .wx-page';

const reached = new WeakSet<EventTarget>();

/** An element that answers taps is one that a keyboard can press. */
export function makeReachable(host: HTMLElement, role: 'button' | 'link' = 'button'): void {
  if (reached.has(host) || host.matches(BY_ITSELF)) {
    return;
  }
  reached.add(host);
  host.tabIndex = 0;
  host.setAttribute('role', host.getAttribute('role') ?? role);
  host.dataset['wxreach'] = role;
}

/** Whether a press of a key on this element is a tap. */
export function isReached(target: EventTarget | null): target is HTMLElement {
  return target !== null && reached.has(target);
}

/** Enter and the space bar press what has the focus, as they do with buttons. */
export function watchKeys(): void {
  document.addEventListener('keydown', (event) => {
    if ((event.key === 'Enter' || event.key === ' ') && isReached(event.target)) {
      event.preventDefault();
      if (!event.repeat) {
        event.target.click();
      }
    }
  });
}

/** While something covers the page the keyboard stays in it; the result gives the focus back. `cancel` is what Escape does. */
export function attend(cover: HTMLElement, first: HTMLElement | undefined, cancel: () => void): () => void {
  const before = document.activeElement;
  cover.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      cancel();
    } else if (event.key === 'Tab') {
      const all = [...cover.querySelectorAll<HTMLElement>('button, input, select')];
      const at = all.indexOf(document.activeElement as HTMLElement);
      event.preventDefault();
      all[(at + (event.shiftKey ? all.length - 1 : 1)) % all.length]?.focus();
    }
  });
  first?.focus();
  return () => {
    if (before instanceof HTMLElement && before.isConnected) {
      before.focus();
    }
  };
}
