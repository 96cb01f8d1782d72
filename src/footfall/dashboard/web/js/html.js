// One place that ties htm to Preact.
import { h } from "preact";
import htm from "htm";

export const html = htm.bind(h);
