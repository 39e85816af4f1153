/** Which alarms are truly on the glass: rows inside the visible part of the list, in a document that somebody can see. */
import type { Attachment } from "svelte/attachments";

/** Half a row is enough to read its name. */
const VISIBLE_PART = 0.5;

export class Painter {
  visible = $state.raw<ReadonlySet<string>>(new Set());
  #ids = new WeakMap<Element, string>();
  #observer = new IntersectionObserver((entries) => this.#moved(entries), { threshold: VISIBLE_PART });

  /** For a row: `{@attach painter.row(alarm.id)}`. */
  row(id: string): Attachment<HTMLElement> {
    return (node) => {
      this.#ids.set(node, id);
      this.#observer.observe(node);
      return () => {
        this.#observer.unobserve(node);
        this.#without(id);
      };
    };
  }

  #moved(entries: IntersectionObserverEntry[]): void {
    const next = new Set(this.visible);
    for (const entry of entries) {
      const id = this.#ids.get(entry.target);
      if (id === undefined) continue;
      if (entry.isIntersecting) next.add(id);
      else next.delete(id);
    }
    this.visible = next;
  }

  #without(id: string): void {
    if (!this.visible.has(id)) return;
    const next = new Set(this.visible);
    next.delete(id);
    this.visible = next;
  }
}

/** Call `done` once the browser has painted what stands in the document now; never while the document is hidden. */
export function afterPaint(done: () => void): () => void {
  let frame = requestAnimationFrame(() => {
    // The first frame is the one about to be painted; when the second begins, it has been.
    frame = requestAnimationFrame(() => {
      if (document.visibilityState === "visible") done();
    });
  });
  return () => cancelAnimationFrame(frame);
}
