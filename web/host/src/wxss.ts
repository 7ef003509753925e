/** WXSS: CSS with `rpx`, `@import` of the project's own files, and class names that belong to a component. */
import * as csstree from 'css-tree';
import type { CssNode } from 'css-tree';
import { Problem } from './problem.js';
import type { Project } from './project.js';
import { resolve } from './project.js';

/** A screen is this wide, whatever its pixels. */
const RPX_OF_SCREEN = 750;

/** Deeper than anybody imports on purpose: a circle would never end. */
const IMPORTS_DEEP = 16;

function vw(rpx: number): string {
  return String(Number(((rpx * 100) / RPX_OF_SCREEN).toFixed(5)));
}

/** The same lengths in units that browsers know; for styles that stand in a template. */
export function inlineStyle(style: string): string {
  return style.replace(/(^|[^\w#.-])(-?\d*\.?\d+)rpx\b/g, (_all, before: string, number: string) => `${before}${vw(Number(number))}vw`);
}

function parse(text: string, file: string): CssNode {
  return csstree.parse(text, {
    positions: true,
    onParseError: (error) => {
      throw new Problem(file, error.message, (error as unknown as { line?: number }).line ?? 0, 'The style sheet cannot be read here.');
    },
  });
}

/** The file of an `@import`, or null if the node is another rule or names a file outside of the project. */
function imported(node: CssNode, file: string): string | null {
  if (node.type !== 'Atrule' || node.name !== 'import' || node.prelude?.type !== 'AtrulePrelude') {
    return null;
  }
  const first = node.prelude.children.first;
  const name = first?.type === 'String' || first?.type === 'Url' ? first.value : '';
  return name === '' || /^https?:/.test(name) ? null : resolve(name, file);
}

function rewrite(tree: CssNode, project: Project, file: string, scope: string): void {
  csstree.walk(tree, (node) => {
    if (node.type === 'Dimension' && node.unit.toLowerCase() === 'rpx') {
      node.value = vw(Number(node.value));
      node.unit = 'vw';
    } else if (node.type === 'Url') {
      node.value = project.asset(node.value, file);
    } else if (node.type === 'ClassSelector' && scope !== '') {
      node.name = `${scope}--${node.name}`;
    } else if (node.type === 'Raw') {
      node.value = inlineStyle(node.value);
    }
  });
  // `:host` is the element of the component itself, which carries the name of its scope.
  csstree.walk(tree, (node, item, list) => {
    if (node.type === 'PseudoClassSelector' && node.name === 'host' && list) {
      list.replace(item, list.createItem({ type: 'Raw', value: `[wx-host="${scope}"]` }));
    }
  });
}

/**
 * The style sheet of a file with everything it imports. With `scope` class names become `scope--name`, as the elements
 * of that component carry them; an empty one is for the application and for pages.
 */
export function compileStyle(project: Project, file: string, scope: string, depth = 0): string {
  if (depth > IMPORTS_DEEP) {
    throw new Problem(file, 'these style sheets import each other');
  }
  const tree = parse(project.text(file), file);
  const before: string[] = [];
  csstree.walk(tree, (node, item, list) => {
    const other = imported(node, file);
    if (other !== null && list) {
      if (!project.has(other)) {
        throw new Problem(file, `@import names ${other || 'a file outside of the project'}, which is not there`, node.loc?.start.line ?? 0);
      }
      before.push(compileStyle(project, other, scope, depth + 1));
      list.remove(item);
    }
  });
  rewrite(tree, project, file, scope);
  return [...before, csstree.generate(tree)].join('\n');
}
