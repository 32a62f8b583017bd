// Words, numbers and elements. A user's text reaches the page as text alone.
export let about = null;

export async function load(language) {
  const answer = await fetch(`/api/page?lang=${encodeURIComponent(language)}`);
  if (!answer.ok) throw new Error("fault");
  return answer.json();
}

export function speak(contents) {
  about = contents;
  document.documentElement.lang = about.language;
}

export function say(key, values = {}) {
  return (about.words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

export function number(value, digits) {
  if (value === null || value === undefined || Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  const most = digits ?? (size >= 99.95 ? 0 : size >= 0.995 || size === 0 ? 1 : 2);
  const locale = about.language === "da" ? "da-DK" : "en-GB";
  return new Intl.NumberFormat(locale, { maximumFractionDigits: most }).format(value).replace("-", "−");
}

// A day as the page writes it: "1 June 2021", "1. juni 2021".
export function day(iso) {
  const locale = about.language === "da" ? "da-DK" : "en-GB", date = new Date(iso);
  return Number.isNaN(date.valueOf()) ? iso : new Intl.DateTimeFormat(locale, { dateStyle: "long", timeZone: "UTC" }).format(date);
}

// "4 weeks" as the page writes it: "4 uger"; what is no amount stays as it is.
export function quantity(text) {
  const parts = /^(-?\d+(?:\.\d+)?)((?: [a-z%]+)*)$/.exec(String(text));
  if (!parts) return String(text);
  return [number(Number(parts[1]), 6), ...parts[2].trim().split(" ").filter(Boolean).map((word) => about.quantities[word] ?? word)].join(" ");
}

// "31,5" and "31.5" are numbers; "1.200" and "1,200" are asked about, for they are read in two ways. Only where a number is a
// change in per cent may "+10 %" be written: elsewhere a sign or a per cent would be another change than the one that is read.
export function read(text, change = false) {
  const plain = text.trim().replace(change ? /^\+|[\s%]/g : /\s/g, "").replace("−", "-");
  if (/^-?[1-9]\d{0,2}[.,]\d{3}$/.test(plain)) return { twice: plain.replace(/[.,]/, "") };
  if (!/^-?\d+([.,]\d+)?$/.test(plain)) return {};
  return { value: Number(plain.replace(",", ".")) };
}

export function el(tag, attributes = {}, ...children) {
  const out = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) out.addEventListener(name.slice(2), value);
    else if (value === true) out.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) out.setAttribute(name, value);
  }
  out.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return out;
}

// Put other elements in the place of those that stand in a node. Who works by keyboard goes on at the one with the same id,
// else at the one in the same place, else at the node itself.
export function renew(node, ...children) {
  const reached = () => [...node.querySelectorAll("a[href], button:not(:disabled), input:not(:disabled), select, summary, [tabindex='0']")];
  const held = node.contains(document.activeElement) ? document.activeElement : null, at = reached().indexOf(held);
  node.replaceChildren(...children);
  if (!held) return;
  const now = reached(), next = now.find((one) => held.id && one.id === held.id) ?? now[Math.min(at, now.length - 1)] ?? node;
  if (next === node) node.tabIndex = -1;
  next.focus();
}

const tab = Math.random().toString(36).slice(2);

async function post(path, body, signal) {
  const answer = await fetch(path, {
    method: "POST", signal, headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...body, lang: about.language, tab }),
  });
  if (!answer.ok) throw Object.assign(new Error("refused"), (await answer.json()).error);
  return answer;
}

export async function ask(path, body, signal) {
  return (await post(path, body, signal)).json();
}

// The news of a job as they come; leaving the loop ends the job.
export async function* news(path, body, signal) {
  const answer = await post(path, body, signal);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    for (const line of lines) {
      const item = JSON.parse(line);
      if (item.error) throw Object.assign(new Error("refused"), item.error);
      yield item;
    }
  }
}

export function fault(error) {
  if (error.message === "fault") return say("error.fault");
  if (error.message === "busy") return say("error.busy");
  if (error instanceof TypeError) return say("error.gone");
  return `${say("error")} ${error.message}`;
}
