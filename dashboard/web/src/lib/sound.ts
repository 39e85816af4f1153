/** The sound of a critical alarm, made here; browsers keep it back until the operator has touched the page. */

const KEY = "alarmcore.muted";
/** A critical alarm that nobody has taken sounds again this often: long enough to talk on the phone in between. */
export const REMIND_MS = 20_000;
const NOTES = [880, 660, 880] as const;
const NOTE_S = 0.22;

let context: AudioContext | null = null;

export function readMuted(): boolean {
  return localStorage.getItem(KEY) === "yes";
}

export function keepMuted(muted: boolean): void {
  localStorage.setItem(KEY, muted ? "yes" : "no");
}

/** Ask the browser to let sound through; true when it does. Works only after a click or a key. */
export async function unlock(): Promise<boolean> {
  try {
    context ??= new AudioContext();
    // A browser that keeps sound back leaves this pending until it is touched, so it is not waited for.
    if (context.state === "suspended") void context.resume();
    await new Promise((done) => setTimeout(done, 50));
    return context.state === "running";
  } catch {
    return false;
  }
}

/** Three falling and rising notes, soft at both ends. */
export function chime(): void {
  if (context?.state !== "running") return;
  NOTES.forEach((frequency, i) => note(context as AudioContext, frequency, (context as AudioContext).currentTime + i * (NOTE_S + 0.05)));
}

function note(audio: AudioContext, frequency: number, at: number): void {
  const tone = audio.createOscillator();
  const loudness = audio.createGain();
  tone.type = "triangle";
  tone.frequency.value = frequency;
  loudness.gain.setValueAtTime(0.0001, at);
  loudness.gain.exponentialRampToValueAtTime(0.4, at + 0.02);
  loudness.gain.exponentialRampToValueAtTime(0.0001, at + NOTE_S);
  tone.connect(loudness).connect(audio.destination);
  tone.start(at);
  tone.stop(at + NOTE_S);
}
