// The frame: language, screens, and the address that holds all choices.
import { about, el, load, say, speak } from "/static/words.js";
import { start } from "/static/start.js";
import { workbench } from "/static/workbench.js";
import { staffing } from "/static/screens/staffing.js";
import { report } from "/static/screens/report.js";
import { trust } from "/static/screens/trust.js";

const screens = { start, workbench, staffing, report, trust };
const titles = { start: "title", workbench: "bench.title" };

const isText = (value) => typeof value === "string";
const isTable = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const shapes = {
  preset: isText, own: isText, name: isText, cases: isText, casesDay: isText, year: Number.isInteger, unlocked: (value) => typeof value === "boolean",
  values: isTable, parameters: isTable, prices: isTable, seek: isTable, paper: isTable,
   rows: (value) => Array.isArray(value) && value.every(isTable),
};

function pack(state) {
  const bytes = new TextEncoder().encode(JSON.stringify(state));
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

// A link that was cut off or written by hand holds nothing, or parts that are none: what can't be read is left out.
function unpack(text) {
  try {
    const bytes = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
    const read = Object.entries(JSON.parse(new TextDecoder().decode(bytes)) ?? {});
    return Object.fromEntries(read.filter(([key, value]) => shapes[key]?.(value)));
  } catch {
    return {};
  }
}

export function address(screen, choice) {
  const query = new URLSearchParams({ lang: about.language });
  if (choice && Object.keys(choice).length) query.set("s", pack(choice));
  return `#/${screen}?${query}`;
}

function current() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const values = new URLSearchParams(query ?? "");
  const screen = path in screens ? path : "start";
  const preferred = navigator.language.toLowerCase().startsWith("da") ? "da" : "en";
  return { screen, language: values.get("lang") ?? preferred, choice: unpack(values.get("s") ?? "") };
}

let leave = () => {}, links = new Map(), here = "", shows = 0;

// The other screens are of what is chosen now.
function lead(choice) {
  for (const [name, link] of links) link.href = address(name, name === "start" ? {} : choice);
}

async function show() {
  here = location.hash;
  const own = ++shows, { screen, language, choice } = current();
  leave();
  leave = () => {};
  const spoken = about?.language;
  if (spoken !== language) {
    let contents;
    try {
      contents = await load(language);
    } catch {
      document.getElementById("page").replaceChildren(el("p", { class: "wrong", role: "alert" },
        "flowsim does not answer. Is it still running? / flowsim svarer ikke. Kører det stadig?"));
      return;
    }
    if (own !== shows) return; // she has gone on meanwhile
    speak(contents);
  }
  document.title = `${say(titles[screen] ?? `${screen}.title`)} – flowsim`;
  const main = el("main", { id: "content", tabindex: "-1" });
  const languages = el("select", {
    onchange: (event) => {
      const { screen: now, choice: chosen } = current();
      const query = address(now, chosen).replace(/lang=\w+/, `lang=${event.target.value}`);
      location.hash = query;
    },
  });
  for (const code of about.languages) {
    languages.append(el("option", { value: code, selected: code === about.language }, say(`language.${code}`)));
  }
  links = new Map(Object.keys(screens).map((name) =>
    [name, el("a", { "aria-current": name === screen && "page" }, say(`nav.${name}`))]));
  lead(choice);
  document.getElementById("page").replaceChildren(
    el("a", { class: "skip", href: "#content", onclick: (e) => { e.preventDefault(); main.focus(); } }, say("skip")),
    el("header", {}, el("strong", {}, "flowsim"), el("span", {}, about.base), el("nav", { "aria-label": say("nav") }, [...links.values()]),
      el("span", { class: "grow" }), el("label", {}, `${say("language")} `, languages)),
    main,
    el("footer", {}, `${say("local")} flowsim ${about.version}`),
  );
  leave = screens[screen](main, choice) ?? (() => {});
  // Who works by keyboard goes on in the new screen, or where she chose its language.
  if (spoken) (spoken === language ? main : languages).focus();
}

// The address follows the choices without another step in the browser's history, and without drawing the page anew;
// but not where the browser has gone on already, of which the page hears a moment later.
export function keep(screen, choice) {
  if (location.hash !== here) return;
  history.replaceState(null, "", address(screen, choice));
  here = location.hash;
  lead(choice);
}
window.addEventListener("hashchange", show);
show();
