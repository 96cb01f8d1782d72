// JSON as it was sent, indented and coloured. It is never parsed, so no number or repeated key is changed by looking.
import { html } from "./html.js";

const TOKEN = /"(?:[^"\\]|\\.)*"?|[{}[\],:]|[^\s{}[\],:"]+/g;
const COLOURED_UP_TO = 60_000;

export function pretty(text) {
  const parts = [];
  let depth = 0;
  let previous = "";
  const tokens = text.match(TOKEN) ?? [];
  tokens.forEach((token, index) => {
    const closes = token === "}" || token === "]";
    const isEmpty = closes && (previous === "{" || previous === "[");
    if (closes) depth = Math.max(0, depth - 1);
    const breaks = index > 0 && !isEmpty && (closes || previous === "," || previous === "{" || previous === "[");
    if (breaks) parts.push({ text: `\n${"  ".repeat(Math.min(depth, 60))}` });
    parts.push({ text: token, kind: kindOf(token, tokens[index + 1]) });
    if (token === ":") parts.push({ text: " " });
    if (token === "{" || token === "[") depth += 1;
    previous = token;
  });
  return parts;
}

function kindOf(token, next) {
  if (token[0] === '"') return next === ":" ? "key" : "text";
  if (/^[-\d]/.test(token)) return "number";
  return /^[a-z]/i.test(token) ? "word" : "mark";
}

export function Json({ text }) {
  const parts = pretty(text);
  const content =
    text.length > COLOURED_UP_TO
      ? parts.map((part) => part.text).join("")
      : parts.map((part) => (part.kind && part.kind !== "mark" ? html`<span class=${`j-${part.kind}`}>${part.text}</span>` : part.text));
  return html`<pre class="json" tabindex="0" aria-label="The event as JSON">${content}</pre>`;
}

export const plainText = (text) => pretty(text).map((part) => part.text).join("");
