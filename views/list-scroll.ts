/** Where a long list is scrolled to. Kept from frame to frame, so that most moves of the cursor redraw two rows. */
export interface ListScroll {
  /** The row that comes first. */
  top: number;
}

/**
 * The row that comes first when `height` rows of `size` show the one at `cursor`. While the cursor moves inside of what
 * is shown, nothing scrolls; at the edge the list moves by half of its height at once, because each scrolled row is a row
 * to send to the terminal.
 */
export function scrolledTo(scroll: ListScroll, cursor: number, height: number, size: number): number {
  const inside = cursor >= scroll.top && cursor < scroll.top + height;
  const top = inside ? scroll.top : cursor - Math.floor(height / 2);
  scroll.top = Math.max(0, Math.min(top, size - height));
  return scroll.top;
}
