/** Toasts, dialogues and lists. */
import { attend } from '../components/reach.js';
import { api, Refusal } from './call.js';
import type { Options } from './call.js';

/** How long a toast stays unless the page says otherwise, ms. */
const TOAST_MS = 1500;

function layer(name: string): HTMLElement {
  const element = document.createElement('div');
  element.className = name;
  document.body.append(element);
  return element;
}

let toast: HTMLElement | null = null;
let hiding = 0;

function hideToast(): void {
  window.clearTimeout(hiding);
  toast?.remove();
  toast = null;
}

const MARKS: Record<string, string> = { success: '✓', error: '!', loading: '', none: '' };

function showToast(options: Options, loading: boolean): void {
  hideToast();
  toast = layer('wx-toast');
  toast.setAttribute('role', 'status');
  const kind = loading ? 'loading' : String(options['icon'] ?? 'success');
  toast.dataset['icon'] = kind;
  toast.classList.toggle('wx-mask', Boolean(options['mask']));
  const box = document.createElement('div');
  const mark = document.createElement('i');
  mark.textContent = MARKS[kind] ?? '';
  const words = document.createElement('p');
  words.textContent = String(options['title'] ?? '');
  box.append(...(kind === 'none' ? [words] : [mark, words]));
  toast.append(box);
  if (!loading) {
    hiding = window.setTimeout(hideToast, Number(options['duration'] ?? TOAST_MS));
  }
}

function button(words: string, color: string, press: () => void): HTMLButtonElement {
  const made = document.createElement('button');
  made.textContent = words;
  made.style.color = color;
  made.addEventListener('click', press);
  return made;
}

function showModal(options: Options): Promise<object> {
  return new Promise((resolve) => {
    const cover = layer('wx-modal');
    const box = document.createElement('div');
    box.setAttribute('role', 'dialog');
    box.setAttribute('aria-modal', 'true');
    box.setAttribute('aria-label', String(options['title'] || options['content'] || ''));
    const title = document.createElement('h3');
    title.textContent = String(options['title'] ?? '');
    const content = options['editable'] ? document.createElement('input') : document.createElement('p');
    if (content instanceof HTMLInputElement) {
      content.value = String(options['content'] ?? '');
      content.placeholder = String(options['placeholderText'] ?? '');
    } else {
      content.textContent = String(options['content'] ?? '');
    }
    const end = (confirm: boolean): void => {
      cover.remove();
      back();
      resolve({ confirm, cancel: !confirm, content: confirm && content instanceof HTMLInputElement ? content.value : null });
    };
    const bar = document.createElement('footer');
    if (options['showCancel'] ?? true) {
      bar.append(button(String(options['cancelText'] ?? '取消'), String(options['cancelColor'] ?? ''), () => end(false)));
    }
    bar.append(button(String(options['confirmText'] ?? '确定'), String(options['confirmColor'] ?? '#576b95'), () => end(true)));
    box.append(title, content, bar);
    cover.append(box);
    const last = bar.lastElementChild as HTMLElement;
    const back = attend(cover, content instanceof HTMLInputElement ? content : last, () => options['showCancel'] !== false && end(false));
  });
}

function showActionSheet(options: Options): Promise<object> {
  return new Promise((resolve, reject) => {
    const cover = layer('wx-actions');
    const box = document.createElement('div');
    const end = (run: () => void): void => {
      cover.remove();
      back();
      run();
    };
    const alert = String(options['alertText'] ?? '');
    box.setAttribute('role', 'dialog');
    box.setAttribute('aria-modal', 'true');
    box.setAttribute('aria-label', alert);
    if (alert !== '') {
      const words = document.createElement('p');
      words.textContent = alert;
      box.append(words);
    }
    const cancel = (): void => end(() => reject(new Refusal('cancel')));
    box.append(
      ...((options['itemList'] ?? []) as string[]).map((words, tapIndex) => button(words, String(options['itemColor'] ?? ''), () => end(() => resolve({ tapIndex })))),
      button('取消', '', cancel),
    );
    cover.addEventListener('click', (event) => event.target === cover && cancel());
    cover.append(box);
    const back = attend(cover, box.querySelector('button') ?? undefined, cancel);
  });
}

function previewImage(options: Options): void {
  const urls = (options['urls'] ?? []) as string[];
  const cover = layer('wx-preview');
  const picture = document.createElement('img');
  picture.src = String(options['current'] ?? urls[0] ?? '');
  cover.append(picture);
  cover.addEventListener('click', () => cover.remove());
}

/** The functions of this file. */
export function ui(): Record<string, unknown> {
  return {
    showToast: api('showToast', (options) => showToast(options, false)),
    hideToast: api('hideToast', hideToast),
    showLoading: api('showLoading', (options) => showToast(options, true)),
    hideLoading: api('hideLoading', hideToast),
    showModal: api('showModal', showModal),
    showActionSheet: api('showActionSheet', showActionSheet),
    previewImage: api('previewImage', previewImage),
  };
}
