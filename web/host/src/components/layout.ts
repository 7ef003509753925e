/** Boxes, texts, and what scrolls. */
import type { Native, Node } from './base.js';
import { box, inner, nodeOf } from './base.js';

/** Where a page has to see that the end is near, px. */
const THRESHOLD = 50;

function scrolled(host: HTMLElement): Record<string, number> {
  const { scrollLeft, scrollTop, scrollHeight, scrollWidth } = host;
  return { scrollLeft, scrollTop, scrollHeight, scrollWidth, deltaX: 0, deltaY: 0 };
}

const scrollView: Native = {
  tag: 'scroll-view',
  props: {
    scrollX: [Boolean, false], scrollY: [Boolean, false], scrollTop: [null, ''], scrollLeft: [null, ''],
    scrollIntoView: [String, ''], scrollWithAnimation: [Boolean, false], upperThreshold: [Number, THRESHOLD],
    lowerThreshold: [Number, THRESHOLD], enableFlex: [Boolean, false], showScrollbar: [Boolean, true],
    refresherEnabled: [Boolean, false], enhanced: [Boolean, false],
  },
  attached(host, node) {
    node['edge'] = 'upper';
    host.addEventListener('scroll', () => {
      node.triggerEvent('scroll', scrolled(host));
      const atEnd = host.scrollTop + host.clientHeight >= host.scrollHeight - Number(node.data['lowerThreshold']);
      const edge = atEnd ? 'lower' : host.scrollTop <= Number(node.data['upperThreshold']) ? 'upper' : '';
      if (edge !== node['edge'] && edge !== '') {
        node.triggerEvent(`scrollto${edge}`, { direction: edge === 'lower' ? 'bottom' : 'top' });
      }
      node['edge'] = edge;
    });
  },
  update(host, data, node) {
    host.style.overflowX = data['scrollX'] ? 'auto' : 'hidden';
    host.style.overflowY = data['scrollY'] ? 'auto' : 'hidden';
    host.classList.toggle('wx-flex', Boolean(data['enableFlex']));
    const behavior = data['scrollWithAnimation'] ? 'smooth' : 'instant';
    // Only a new value moves it: a page that repeats an old one does not pull the user back.
    const moved = (name: string): boolean => data[name] !== '' && data[name] !== node[`seen-${name}`];
    if (moved('scrollTop')) {
      requestAnimationFrame(() => host.scrollTo({ top: Number(data['scrollTop']), behavior }));
    }
    if (moved('scrollLeft')) {
      requestAnimationFrame(() => host.scrollTo({ left: Number(data['scrollLeft']), behavior }));
    }
    if (moved('scrollIntoView')) {
      requestAnimationFrame(() => host.querySelector(`#${CSS.escape(String(data['scrollIntoView']))}`)?.scrollIntoView({ behavior, block: 'start' }));
    }
    for (const name of ['scrollTop', 'scrollLeft', 'scrollIntoView']) {
      node[`seen-${name}`] = data[name];
    }
  },
};

/** The items of a swiper, which are its children that are elements of that kind. */
function items(host: HTMLElement): HTMLElement[] {
  return [...host.querySelectorAll<HTMLElement>('swiper-item')].filter((item) => item.closest('swiper') === host);
}

function show(host: HTMLElement, node: Node, index: number, source: string): void {
  const all = items(host);
  const to = Math.min(Math.max(index, 0), Math.max(all.length - 1, 0));
  node['count'] = all.length;
  all.forEach((item, at) => {
    const side = node.data['vertical'] ? 'Y' : 'X';
    item.style.transform = `translate${side}(${(at - to) * 100}%)`;
    item.style.transitionDuration = `${Number(node.data['duration'])}ms`;
  });
  const dots = host.querySelector<HTMLElement>(':scope > .wx-dots');
  dots?.replaceChildren(...all.map((_item, at) => {
    const dot = document.createElement('i');
    dot.classList.toggle('on', at === to);
    dot.style.background = String(node.data[at === to ? 'indicatorActiveColor' : 'indicatorColor']);
    return dot;
  }));
  if (node['shown'] !== undefined && node['shown'] !== to) {
    const [item] = all.slice(to);
    node.triggerEvent('change', { current: to, currentItemId: String(nodeOf(item)?.data['itemId'] ?? ''), source });
  }
  node['shown'] = to;
}

function swipe(host: HTMLElement, node: Node): void {
  let from: { x: number; y: number } | null = null;
  host.addEventListener('pointerdown', (event) => (from = { x: event.clientX, y: event.clientY }));
  host.addEventListener('pointerup', (event) => {
    const moved = from ? (node.data['vertical'] ? event.clientY - from.y : event.clientX - from.x) : 0;
    from = null;
    if (Math.abs(moved) > 30) {
      const count = items(host).length;
      const next = Number(node['shown']) + (moved < 0 ? 1 : -1);
      show(host, node, node.data['circular'] && count > 0 ? (next + count) % count : next, 'touch');
    }
  });
}

const swiper: Native = {
  tag: 'swiper',
  props: {
    current: [Number, 0], indicatorDots: [Boolean, false], autoplay: [Boolean, false], interval: [Number, 5000],
    duration: [Number, 500], circular: [Boolean, false], vertical: [Boolean, false], indicatorColor: [String, ''],
    indicatorActiveColor: [String, ''],
  },
  attached(host, node) {
    inner(host, 'div', 'wx-dots');
    swipe(host, node);
    // Items come and go with the page's data. The dots, which follow them, are changes of this kind too.
    node['watch'] = new MutationObserver(() => {
      if (items(host).length !== node['count']) {
        show(host, node, Number(node['shown'] ?? 0), '');
      }
    });
    node['watch'].observe(host, { childList: true, subtree: true });
  },
  update(host, data, node) {
    host.querySelector<HTMLElement>(':scope > .wx-dots')?.toggleAttribute('hidden', !data['indicatorDots']);
    if (data['current'] !== node['asked'] || node['shown'] === undefined) {
      node['asked'] = data['current'];
      show(host, node, Number(data['current']), '');
    }
    window.clearInterval(node['clock']);
    if (data['autoplay']) {
      node['clock'] = window.setInterval(() => {
        const count = Math.max(items(host).length, 1);
        show(host, node, (Number(node['shown']) + 1) % count, 'autoplay');
      }, Number(data['interval']));
    }
  },
  detached(_host, node) {
    window.clearInterval(node['clock']);
    (node['watch'] as MutationObserver).disconnect();
  },
};

const text: Native = {
  tag: 'text',
  props: { userSelect: [Boolean, false], selectable: [Boolean, false], space: [String, ''], decode: [Boolean, false] },
  update(host, data) {
    host.style.userSelect = data['userSelect'] || data['selectable'] ? 'text' : '';
  },
};

/** Tags that may stand in a rich text; everything else is shown as text. */
const RICH = new Set(['a', 'b', 'blockquote', 'br', 'code', 'dd', 'div', 'dl', 'dt', 'em', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'i', 'img',
  'li', 'ol', 'p', 'pre', 'q', 's', 'small', 'span', 'strong', 'sub', 'sup', 'table', 'tbody', 'td', 'th', 'thead', 'tr', 'u', 'ul']);

interface RichNode {
  type?: string;
  name?: string;
  text?: string;
  attrs?: Record<string, string>;
  children?: RichNode[];
}

function rich({ type, name = '', text: words = '', attrs = {}, children = [] }: RichNode): globalThis.Node {
  if (type === 'text' || !RICH.has(name.toLowerCase())) {
    return document.createTextNode(words);
  }
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attrs)) {
    if (['class', 'style', 'src', 'alt', 'width', 'height', 'colspan', 'rowspan'].includes(key) && !/^\s*javascript:/i.test(value)) {
      element.setAttribute(key, value);
    }
  }
  element.append(...children.map(rich));
  return element;
}

/** HTML text as nodes, parsed where nothing in it can run. */
function richText(html: string): RichNode[] {
  const node = (of: globalThis.Node): RichNode => of instanceof Element
    ? {
      name: of.tagName.toLowerCase(),
      attrs: Object.fromEntries([...of.attributes].map(({ name, value }) => [name, value])),
      children: [...of.childNodes].map(node),
    }
    : { type: 'text', text: of.textContent ?? '' };
  return [...new DOMParser().parseFromString(html, 'text/html').body.childNodes].map(node);
}

const richTextView: Native = {
  tag: 'rich-text',
  props: { nodes: [null, ''], space: [String, ''] },
  update(host, data) {
    const nodes = Array.isArray(data['nodes']) ? (data['nodes'] as RichNode[]) : richText(String(data['nodes'] ?? ''));
    host.replaceChildren(...nodes.map(rich));
  },
};

export const LAYOUT: Native[] = [
  box('view', { hoverStartTime: [Number, 50], hoverStayTime: [Number, 400], hoverStopPropagation: [Boolean, false] }),
  box('cover-view', { scrollTop: [null, ''] }),
  box('swiper-item', { itemId: [String, ''] }),
  text, scrollView, swiper, richTextView,
];
