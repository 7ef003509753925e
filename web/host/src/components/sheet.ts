/** The sheet that comes up from below when something is to be chosen. */
import { attend } from './reach.js';

/** What is to be chosen. */
export type Choice =
  | { kind: 'lists'; lists: string[][]; chosen: number[] }
  | { kind: 'date' | 'time'; value: string; start: string; end: string };

function element(tag: string, name: string, words = ''): HTMLElement {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = words;
  return made;
}

/** A sheet with `content`; resolves when it is closed, with what `done` says, or null when it was left. */
export function sheet<T>(content: HTMLElement, done: () => T, words: { cancel: string; confirm: string }): Promise<T | null> {
  return new Promise((resolve) => {
    const cover = element('div', 'wx-sheet');
    const panel = element('div', 'wx-sheet-panel');
    const bar = element('div', 'wx-sheet-bar');
    const cancel = element('button', '', words.cancel);
    const confirm = element('button', 'wx-sheet-ok', words.confirm);
    const close = (result: T | null): void => {
      cover.remove();
      back();
      resolve(result);
    };
    cancel.addEventListener('click', () => close(null));
    confirm.addEventListener('click', () => close(done()));
    cover.addEventListener('click', (event) => {
      if (event.target === cover) {
        close(null);
      }
    });
    bar.append(cancel, confirm);
    panel.append(bar, content);
    cover.append(panel);
    document.body.append(cover);
    const back = attend(cover, content.querySelector<HTMLElement>('select') ?? content, () => close(null));
  });
}

const WORDS = { cancel: '取消', confirm: '确定' };

/** Lets the user choose: the indices of the lists, or a date or time as text; null when it was left. */
export function choose(choice: Extract<Choice, { kind: 'lists' }>): Promise<number[] | null>;
export function choose(choice: Exclude<Choice, { kind: 'lists' }>): Promise<string | null>;
export function choose(choice: Choice): Promise<number[] | string | null> {
  if (choice.kind !== 'lists') {
    const input = document.createElement('input');
    input.type = choice.kind;
    input.className = 'wx-sheet-input';
    Object.assign(input, { min: choice.start, max: choice.end, value: choice.value });
    return sheet(input, () => input.value, WORDS);
  }
  const content = element('div', 'wx-sheet-lists');
  const selects = choice.lists.map((list, at) => {
    const select = document.createElement('select');
    select.size = Math.min(Math.max(list.length, 2), 8);
    select.append(...list.map((word) => new Option(word)));
    select.selectedIndex = Math.min(choice.chosen[at] ?? 0, list.length - 1);
    content.append(select);
    return select;
  });
  return sheet(content, () => selects.map((select) => Math.max(select.selectedIndex, 0)), WORDS);
}
