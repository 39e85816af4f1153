/** Keyboard shortcuts: one letter each, never while somebody types. */

export type Command =
  | "next" | "previous" | "open" | "take" | "arrive" | "note" | "escalate" | "decline" | "resolve" | "filter" | "mute" | "help" | "back";

const COMMANDS: Record<string, Command> = {
  j: "next",
  ArrowDown: "next",
  k: "previous",
  ArrowUp: "previous",
  o: "open",
  t: "take",
  a: "arrive",
  n: "note",
  e: "escalate",
  d: "decline",
  r: "resolve",
  "/": "filter",
  m: "mute",
  "?": "help",
  Escape: "back",
};

function typesInto(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}

/** Which command a key press means, if any. Escape leaves a field; an open dialog keeps all keys to itself. */
export function commandOf(event: KeyboardEvent): Command | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return null;
  if (document.querySelector("dialog[open]")) return null;
  // A key that is held down must never take a row of alarms; moving along the list is harmless.
  const command = COMMANDS[event.key.length === 1 ? event.key.toLowerCase() : event.key] ?? null;
  if (event.repeat && command !== "next" && command !== "previous") return null;
  if (typesInto(event.target)) return command === "back" ? "back" : null;
  if (event.target instanceof HTMLElement && event.target.closest(".leaflet-container") && event.key.startsWith("Arrow")) return null;
  return command;
}
