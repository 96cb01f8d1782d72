// A button that copies text and says so.
import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "./html.js";

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Without HTTPS there is no clipboard object on any host but localhost.
  const area = Object.assign(document.createElement("textarea"), { value: text });
  (document.querySelector("dialog[open]") ?? document.body).append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("not copied");
  return undefined;
}

export function CopyButton({ text, label = "Copy" }) {
  const [said, setSaid] = useState("");
  const timer = useRef(null);
  useEffect(() => () => clearTimeout(timer.current), []);
  const act = async () => {
    try {
      await copy(text());
      setSaid("Copied");
    } catch {
      setSaid("Select and copy by hand");
    }
    timer.current = setTimeout(() => setSaid(""), 1800);
  };
  return html`<button class="soft" onClick=${act}><span aria-live="polite">${said || label}</span></button>`;
}
