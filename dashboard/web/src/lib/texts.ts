/** Every text of the page, in Swedish and in English; a text that is missing in one language does not compile. */
import { en } from "./texts-en";
import { sv, type Texts } from "./texts-sv";
import type { Language } from "./types";

export { en, sv, type Texts };

export const TEXTS: Record<Language, Texts> = { sv, en };
