// What an SDK may weigh, bytes. Mini programs are loaded in packages of 2 MB at most, code of all pages together, and every
// byte is compiled at the start of a page: the largest of these costs an application 3 % of a package.
export const BUDGETS = {
  'trtc-wx/trtc-wx.js': 60 * 1024,
  'emedia/emedia_for_miniProgram.js': 64 * 1024,
  // The component carries calls, a screen and a bell beside the room.
  'TRTCCalling/TRTCCalling.js': 64 * 1024,
  // All scripts of the folder together.
  'gme-room/': 48 * 1024,
};

/** The table of what was built: `sizes` are pairs of name and bytes. */
export function budgetTable(sizes) {
  const row = (...cells) => cells[0].padEnd(34) + cells.slice(1).map((cell) => cell.padStart(8)).join('');
  const rows = sizes.map(([name, bytes]) => row(name, String(bytes), String(BUDGETS[name]), `${Math.ceil((100 * bytes) / BUDGETS[name])} %`));
  return [row('dist/miniprogram/', 'bytes', 'budget', 'used'), ...rows].join('\n');
}
