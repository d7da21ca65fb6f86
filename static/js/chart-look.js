// How a price chart looks: the figure of the server in the page's own colours, and in the reader's zone.
import { colour } from "./ink.js";

const TICKS = { 4: ["%H:%M\n%-d %b", "%H:%M"], 24: ["%H:%M\n%-d %b", "%H:%M"], 168: ["%a %-d %b", "%-d %b"] }; // wide screen, phone
const INKS = { routed: "--accent", moved: "--accent", list: "--text-soft", average: "--text-soft", site: "--text-faint" };
const MODELS = [["--accent", "solid"], ["--info", "dash"], ["--warn", "dot"], ["--bad", "dashdot"]];
const isPhone = matchMedia("(max-width: 760px)");

// The data center "alone" stands out among the others, which step back.
export function traces({ data }, alone) {
  const models = data.filter((trace) => trace.meta.role === "model");
  return data.map((trace) => {
    const { x0, dx, ...rest } = trace;
    const [name, dash] = MODELS[models.indexOf(trace)] ?? [INKS[trace.meta.role], trace.line?.dash];
    const isAlone = alone && trace.meta.data_center === alone;
    const ink = colour(isAlone ? "--info" : name);
    return {
      ...rest,
      x: trace.y.map((_, index) => local(Date.parse(x0) + index * dx)),
      ...(rest.line && { line: { ...rest.line, dash, color: ink, ...(isAlone && { width: 2 }) } }),
      ...(rest.marker && { marker: { ...rest.marker, color: ink, line: { width: rest.marker.size > 5 ? 2 : 1, color: colour("--surface") } } }),
      ...(rest.opacity && { opacity: isAlone ? 1 : alone ? 0.15 : rest.opacity }),
    };
  });
}

// "range" is the part the reader has zoomed into, if any.
export function layout({ data, layout: given }, place, hours, range) {
  const { x0, dx, y } = data[0];
  const ends = [0, y.length - 1].map((index) => local(Date.parse(x0) + index * dx));
  const axis = { gridcolor: colour("--line"), linecolor: colour("--line"), zeroline: false, fixedrange: isPhone.matches, tickfont: { color: colour("--text-faint") } };
  return {
    ...given,
    autosize: true,
    dragmode: isPhone.matches ? false : "zoom",
    font: { ...given.font, family: getComputedStyle(place).fontFamily, color: colour("--text-soft") },
    hoverlabel: { bgcolor: colour("--raised"), bordercolor: colour("--line-strong"), font: { color: colour("--text"), size: 12 } },
    xaxis: {
      ...given.xaxis, ...axis,
      range: range ?? ends, autorange: false,
      tickformat: TICKS[hours][Number(isPhone.matches)], tickangle: 0, nticks: place.clientWidth < 500 ? 4 : 9,
      hoverformat: "%a %-d %b, %H:%M", spikecolor: colour("--line-strong"), spikethickness: 1, spikedash: "solid",
    },
    yaxis: { ...given.yaxis, ...axis, fixedrange: true },
  };
}

// Plotly shows a date without a zone as it stands, so it is given the reader's wall clock.
const local = (ms) => new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
