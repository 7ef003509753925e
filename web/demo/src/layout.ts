/** How tiles are laid out. */

/** Columns and rows of a grid. */
export interface Grid {
  columns: number;
  rows: number;
}

/** Most tiles that are shown at once; the others are heard. */
export const MOST_TILES = 16;

/** Pictures of browsers lie and those of phones stand; a grid is to suit both. */
const ASPECTS = [4 / 3, 3 / 4];

/** How much of a cell a picture of this shape covers. */
function covered(width: number, height: number, aspect: number): number {
  const used = Math.min(width, height * aspect);
  return (used * used) / aspect;
}

/**
 * The grid in which pictures of these shapes (width by height) are largest, in so many tiles on a stage of this size.
 * Without any shape it suits both kinds.
 */
export function gridFor(count: number, width: number, height: number, shapes: readonly number[] = []): Grid {
  const aspects = shapes.length > 0 ? shapes : ASPECTS;
  let best: Grid = { columns: 1, rows: Math.max(1, count) };
  let bestArea = -1;
  for (let columns = 1; columns <= Math.max(1, count); columns++) {
    const rows = Math.ceil(count / columns);
    // The root, so that one shape that gains a little does not cost the other a lot.
    const area = aspects.reduce((sum, aspect) => sum + Math.sqrt(covered(width / columns, height / rows, aspect)), 0);
    if (area > bestArea + 1e-6) {
      bestArea = area;
      best = { columns, rows };
    }
  }
  return best;
}

/** Up to so much of a picture may be cut off so that it fills its tile. */
const MOST_CUT = 0.3;

/** Whether a picture may be cut to fill its tile, or has to be shown whole. */
export function mayFill(picture: { width: number; height: number }, tile: { width: number; height: number }): boolean {
  if (picture.width <= 0 || picture.height <= 0 || tile.width <= 0 || tile.height <= 0) {
    return false;
  }
  const ratio = picture.width / picture.height / (tile.width / tile.height);
  return 1 - Math.min(ratio, 1 / ratio) <= MOST_CUT;
}
