/** What a user presses, types and chooses. */
import type { Native, Node } from './base.js';
import { control, controlOf, inner, nodeOf } from './base.js';
import type { Surroundings } from './media.js';
import { makeReachable } from './reach.js';
import { choose } from './sheet.js';

/** All controls within an element. */
function controls(host: Element): NonNullable<ReturnType<typeof controlOf>>[] {
  return [...host.querySelectorAll('*')].flatMap((element) => controlOf(element) ?? []);
}

const button = (around: Surroundings): Native => ({
  tag: 'button',
  props: {
    type: [String, 'default'], size: [String, 'default'], plain: [Boolean, false], disabled: [Boolean, false],
    loading: [Boolean, false], formType: [String, ''], openType: [String, ''],
  },
  attached(host, node) {
    (host as HTMLButtonElement).type = 'button';
    host.addEventListener('click', () => {
      const kind = String(node.data['formType']);
      const form = nodeOf(host.closest('form'));
      if (form && !node.data['disabled'] && (kind === 'submit' || kind === 'reset')) {
        form['finish'](kind);
      }
      const opens = String(node.data['openType']);
      if (opens === 'share') {
        around.share(host, node);
      } else if (opens !== '') {
        console.warn(`<button open-type="${opens}"> does nothing in a browser: it belongs to WeChat`);
      }
    });
  },
  update(host, data) {
    host.toggleAttribute('disabled', Boolean(data['disabled']));
    for (const name of ['type', 'size'] as const) {
      host.dataset[`wx${name}`] = String(data[name]);
    }
    host.toggleAttribute('data-plain', Boolean(data['plain']));
    host.toggleAttribute('data-loading', Boolean(data['loading']));
  },
});

const form: Native = {
  tag: 'form',
  props: { reportSubmit: [Boolean, false] },
  attached(host, node) {
    host.addEventListener('submit', (event) => event.preventDefault());
    node['finish'] = (kind: 'submit' | 'reset') => {
      const named = controls(host).filter((one) => one.name() !== '');
      if (kind === 'reset') {
        named.forEach((one) => one.reset());
        node.triggerEvent('reset', {});
      } else {
        node.triggerEvent('submit', { value: Object.fromEntries(named.map((one) => [one.name(), one.value()])) });
      }
    };
  },
};

const label: Native = {
  tag: 'label',
  props: { for: [String, ''] },
  attached(host, node) {
    host.addEventListener('click', (event) => {
      const id = String(node.data['for']);
      const [first] = id === '' ? controls(host) : [controlOf(document.getElementById(id) ?? host)];
      const own = event.target instanceof Element && event.target.closest('input, textarea, switch, slider, checkbox, radio');
      if (first && !own) {
        event.preventDefault();
        first.press();
      }
    });
  },
};

/** `input` and `textarea`: the element itself is the browser's. */
function field(tag: 'input' | 'textarea'): Native {
  return {
    tag,
    props: {
      value: [String, ''], type: [String, 'text'], password: [Boolean, false], placeholder: [String, ''], disabled: [Boolean, false],
      maxlength: [Number, 140], focus: [Boolean, false], autoFocus: [Boolean, false], confirmType: [String, 'done'], name: [String, ''],
      placeholderStyle: [String, ''], placeholderClass: [String, ''], cursor: [Number, -1], autoHeight: [Boolean, false],
      adjustPosition: [Boolean, true], fixed: [Boolean, false], cursorSpacing: [Number, 0], confirmHold: [Boolean, false], showConfirmBar: [Boolean, true],
    },
    attached(host, node) {
      const input = host as HTMLInputElement | HTMLTextAreaElement;
      const told = (name: string): void => node.triggerEvent(name, { value: input.value, cursor: input.selectionStart ?? input.value.length });
      input.addEventListener('input', () => {
        // A two-way binding and the page's own data follow what is typed.
        node['typed'] = input.value;
        node.setData({ value: input.value });
        told('input');
      });
      input.addEventListener('focus', () => told('focus'));
      input.addEventListener('blur', () => told('blur'));
      input.addEventListener('change', () => told('change'));
      input.addEventListener('keydown', (event) => {
        if ((event as KeyboardEvent).key === 'Enter' && tag === 'input') {
          told('confirm');
        }
      });
      control(host, {
        name: () => String(node.data['name']),
        value: () => input.value,
        reset: () => (input.value = ''),
        press: () => input.focus(),
      });
    },
    update(host, data, node) {
      const input = host as HTMLInputElement;
      if (tag === 'input') {
        const kinds: Record<string, string> = { number: 'text', digit: 'text', idcard: 'text', 'safe-password': 'password' };
        input.type = data['password'] ? 'password' : (kinds[String(data['type'])] ?? 'text');
        input.inputMode = data['type'] === 'number' ? 'numeric' : data['type'] === 'digit' ? 'decimal' : 'text';
      }
      input.placeholder = String(data['placeholder']);
      input.disabled = Boolean(data['disabled']);
      const most = Number(data['maxlength']);
      input.maxLength = most >= 0 ? most : 0x7fffffff;
      if (String(data['value']) !== input.value && data['value'] !== node['typed']) {
        input.value = String(data['value']);
      }
      node['typed'] = undefined;
      if ((data['focus'] || data['autoFocus']) && !node['focused']) {
        input.focus();
      }
      node['focused'] = Boolean(data['focus'] || data['autoFocus']);
    },
  };
}

const toggle: Native = {
  tag: 'switch',
  props: { checked: [Boolean, false], disabled: [Boolean, false], type: [String, 'switch'], color: [String, '#04be02'], name: [String, ''] },
  attached(host, node) {
    const input = inner(host, 'input', 'wx-switch');
    input.type = 'checkbox';
    node['input'] = input;
    input.addEventListener('change', () => node.triggerEvent('change', { value: input.checked }));
    control(host, {
      name: () => String(node.data['name']), value: () => input.checked, reset: () => (input.checked = false), press: () => input.click(),
    });
  },
  update(_host, data, node) {
    const input = node['input'] as HTMLInputElement;
    input.checked = Boolean(data['checked']);
    input.disabled = Boolean(data['disabled']);
    input.classList.toggle('wx-plain', data['type'] === 'checkbox');
    input.style.accentColor = String(data['color']);
    input.style.setProperty('--on', String(data['color']));
  },
};

const slider: Native = {
  tag: 'slider',
  props: {
    min: [Number, 0], max: [Number, 100], step: [Number, 1], value: [Number, 0], disabled: [Boolean, false], activeColor: [String, '#1aad19'],
    showValue: [Boolean, false], name: [String, ''], blockSize: [Number, 28], backgroundColor: [String, ''],
  },
  attached(host, node) {
    const input = inner(host, 'input', 'wx-slider');
    input.type = 'range';
    const number = inner(host, 'span', 'wx-slider-value');
    Object.assign(node, { input, number });
    input.addEventListener('input', () => {
      number.textContent = input.value;
      node.triggerEvent('changing', { value: Number(input.value) });
    });
    input.addEventListener('change', () => node.triggerEvent('change', { value: Number(input.value) }));
    control(host, {
      name: () => String(node.data['name']), value: () => Number(input.value), reset: () => (input.value = input.min), press: () => input.focus(),
    });
  },
  update(_host, data, node) {
    const input = node['input'] as HTMLInputElement;
    Object.assign(input, { min: String(data['min']), max: String(data['max']), step: String(data['step']), disabled: Boolean(data['disabled']) });
    input.value = String(data['value']);
    input.style.accentColor = String(data['activeColor']);
    const number = node['number'] as HTMLElement;
    number.textContent = input.value;
    number.hidden = !data['showValue'];
  },
};

/** `checkbox` and `radio`, which tell the group around them. */
function mark(tag: 'checkbox' | 'radio'): Native {
  return {
    tag,
    props: { value: [String, ''], checked: [Boolean, false], disabled: [Boolean, false], color: [String, '#09bb07'] },
    attached(host, node) {
      const input = document.createElement('input');
      input.type = tag;
      host.prepend(input);
      node['input'] = input;
      input.addEventListener('change', () => nodeOf(host.closest(`${tag}-group`))?.['changed'](host));
      control(host, { name: () => '', value: () => input.checked, reset: () => (input.checked = false), press: () => input.click() });
    },
    update(_host, data, node) {
      const input = node['input'] as HTMLInputElement;
      input.checked = Boolean(data['checked']);
      input.disabled = Boolean(data['disabled']);
      input.style.accentColor = String(data['color']);
    },
  };
}

function group(tag: 'checkbox' | 'radio'): Native {
  const marks = (host: HTMLElement): Node[] => [...host.querySelectorAll(tag)].flatMap((element) => nodeOf(element) ?? []);
  const chosen = (host: HTMLElement): string[] =>
    marks(host).filter((one) => (one['input'] as HTMLInputElement).checked).map((one) => String(one.data['value']));
  const value = (host: HTMLElement): string | string[] => (tag === 'radio' ? (chosen(host)[0] ?? '') : chosen(host));
  return {
    tag: `${tag}-group`,
    props: { name: [String, ''] },
    attached(host, node) {
      node['changed'] = (by: Element) => {
        if (tag === 'radio') {
          marks(host).forEach((one) => ((one['input'] as HTMLInputElement).checked = one === nodeOf(by)));
        }
        node.triggerEvent('change', { value: value(host) });
      };
      control(host, {
        name: () => String(node.data['name']), value: () => value(host), press: () => undefined,
        reset: () => marks(host).forEach((one) => ((one['input'] as HTMLInputElement).checked = false)),
      });
    },
  };
}

/** The words of a picker's choices. */
function words(range: unknown[], key: string): string[] {
  return range.map((one) => String(key !== '' && typeof one === 'object' && one !== null ? (one as Record<string, unknown>)[key] : one));
}

async function pick(node: Node): Promise<void> {
  const { mode, range, rangeKey, value, disabled, start, end } = node.data;
  if (disabled) {
    return;
  }
  const key = String(rangeKey);
  const list = Array.isArray(range) ? (range as unknown[]) : [];
  let picked: unknown = null;
  if (mode === 'selector') {
    picked = await choose({ kind: 'lists', lists: [words(list, key)], chosen: [Number(value) || 0] }).then((all) => all?.[0] ?? null);
  } else if (mode === 'multiSelector') {
    const lists = list.map((column) => words(Array.isArray(column) ? column : [], key));
    picked = await choose({ kind: 'lists', lists, chosen: Array.isArray(value) ? value.map(Number) : [] });
  } else if (mode === 'date' || mode === 'time') {
    picked = await choose({ kind: mode, value: String(value), start: String(start), end: String(end) });
  } else {
    console.warn(`<picker mode="${String(mode)}"> is not there in a browser; selector, multiSelector, date and time are`);
  }
  if (picked === null) {
    node.triggerEvent('cancel', {});
  } else {
    node.triggerEvent('change', { value: picked });
  }
}

const picker: Native = {
  tag: 'picker',
  props: {
    mode: [String, 'selector'], range: [Array, []], rangeKey: [String, ''], value: [null, 0], disabled: [Boolean, false], start: [String, ''],
    end: [String, ''], fields: [String, 'day'], headerText: [String, ''], name: [String, ''],
  },
  attached(host, node) {
    makeReachable(host);
    host.addEventListener('click', () => void pick(node));
    control(host, { name: () => String(node.data['name']), value: () => node.data['value'], reset: () => undefined, press: () => void pick(node) });
  },
};

/** The components of this file. */
export const formOf = (around: Surroundings): Native[] => [
  button(around), form, label, field('input'), field('textarea'), toggle, slider, mark('checkbox'), mark('radio'), group('checkbox'), group('radio'), picker,
];
