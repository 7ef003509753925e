// Private members under names that a minifier may shorten.
//
// A minifier keeps the names of properties, since anybody may read them. TypeScript knows better: what is `private` is
// read by its own class alone. This marks those names, so that esbuild's `mangleProps` can tell them from what pages,
// templates, the runtime and the wire read. An eighth of a bundle is such names.
import path from 'node:path';
import ts from 'typescript';

/** What private names end with until esbuild has shortened them. Nothing else may. */
const MARK = '_$private';

/** For `mangleProps`. */
export const PRIVATE = /_\$private$/;

/** The texts that stand in a file: what sets or reads a member by its name has the name as a text. */
const TEXTS = new WeakMap();

function textsOf(file) {
  if (!TEXTS.has(file)) {
    const texts = new Set();
    const visit = (node) => {
      if (ts.isStringLiteralLike(node)) {
        texts.add(node.text);
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
    TEXTS.set(file, texts);
  }
  return TEXTS.get(file);
}

/**
 * Whether this declares a private member that is read and written as such alone: none whose name stands in the file as a
 * text, too, and none with `!` or `declare`, since what sets that is hidden from the compiler.
 */
function declaresPrivate(node) {
  const kinds = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []).map(({ kind }) => kind) : [];
  const open = node.exclamationToken || kinds.includes(ts.SyntaxKind.DeclareKeyword);
  return kinds.includes(ts.SyntaxKind.PrivateKeyword) && !open && !textsOf(node.getSourceFile()).has(node.name.text);
}

/** Whether a symbol is such a member, or the parameter of a constructor that declares one. */
function isPrivate(symbol) {
  return (symbol?.declarations ?? []).some(declaresPrivate);
}

/** What stands instead of an identifier, or null if it stays as it is. */
function instead(node, checker) {
  const { parent, text } = node;
  if (ts.isShorthandPropertyAssignment(parent)) {
    return isPrivate(checker.getShorthandAssignmentValueSymbol(parent)) ? `${text}: ${text}${MARK}` : null;
  }
  if (ts.isBindingElement(parent) && ts.isObjectBindingPattern(parent.parent) && (parent.propertyName ?? parent.name) === node) {
    const property = checker.getPropertyOfType(checker.getApparentType(checker.getTypeAtLocation(parent.parent)), text);
    return isPrivate(property) ? `${text}${MARK}${parent.propertyName ? '' : `: ${text}`}` : null;
  }
  return isPrivate(checker.getSymbolAtLocation(node)) ? `${text}${MARK}` : null;
}

/** The text of a file with its private names marked. */
function marked(file, checker) {
  let text = '';
  let at = 0;
  const visit = (node) => {
    const other = ts.isIdentifier(node) ? instead(node, checker) : null;
    if (other !== null) {
      text += file.text.slice(at, node.getStart(file)) + other;
      at = node.end;
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return text + file.text.slice(at);
}

/** The compiler's view of a project, and how it was called. */
function programOf(project, host) {
  const { config } = ts.readConfigFile(project, ts.sys.readFile);
  const { fileNames, options } = ts.parseJsonConfigFileContent(config, ts.sys, path.dirname(project));
  return ts.createProgram(fileNames, options, host?.(options));
}

/** A plugin of esbuild that marks the private names of all files that a TypeScript project has. */
export function privateNames(project) {
  const program = programOf(project);
  const checker = program.getTypeChecker();
  // Types are taken out here, because esbuild leaves the names of parameters that declare a member as they are.
  const compilerOptions = { ...program.getCompilerOptions(), target: ts.ScriptTarget.ESNext };
  return {
    name: 'private-names',
    setup: ({ onLoad }) =>
      onLoad({ filter: /\.ts$/ }, ({ path: name }) => {
        const file = program.getSourceFile(name);
        return file ? { contents: ts.transpileModule(marked(file, checker), { compilerOptions }).outputText, loader: 'js' } : null;
      }),
  };
}

/** What the compiler says of a project whose private names are marked, one text for each fault; `edit` may spoil a file first. */
export function faultsWhenMarked(project, edit = (_name, text) => text) {
  const program = programOf(project);
  const checker = program.getTypeChecker();
  const own = new Map(
    program.getSourceFiles().filter(({ isDeclarationFile }) => !isDeclarationFile).map((file) => [file.fileName, edit(file.fileName, marked(file, checker))]),
  );
  const again = programOf(project, (options) => {
    const host = ts.createCompilerHost(options);
    return { ...host, getSourceFile: (name, version) => (own.has(name) ? ts.createSourceFile(name, own.get(name), version, true) : host.getSourceFile(name, version)) };
  });
  return ts.getPreEmitDiagnostics(again).map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`);
}
