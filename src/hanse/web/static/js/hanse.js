// What every page loads: live events from the node, and the elements a page uses, on demand.

const ELEMENTS = ["live-chart", "gantt-board", "network-map"];
const RETRY_MS = 3000;

/** Events of the node become `hanse:event` on the body; parts of the page listen by hx-trigger. */
function follow() {
  if (!("live" in document.body.dataset)) return;
  if (!document.querySelector("[hx-trigger*='hanse:event']")) return;
  let source;
  const open = () => {
    source = new EventSource("/live/events");
    source.addEventListener("happening", (message) => {
      const detail = JSON.parse(message.data);
      document.body.dispatchEvent(new CustomEvent("hanse:event", { detail }));
    });
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) setTimeout(open, RETRY_MS);
    };
  };
  open();
  addEventListener("pagehide", () => source.close());
}

// A part that could not be fetched again stays as it is; who is no longer signed in is asked to.
document.addEventListener("htmx:before:response", (event) => {
  const { status, ok } = event.detail.ctx.response.raw;
  if (ok) return;
  event.preventDefault();
  if (status === 401) location.reload();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
});

for (const name of ELEMENTS) {
  if (document.querySelector(name)) import(`./${name}.js`);
}
follow();
