// <network-map>: looking at a firm (pointer or keyboard) brings its ties out.

class NetworkMap extends HTMLElement {
  connectedCallback() {
    const look = (event) => this.look(event.target.closest?.("[data-node]"));
    this.addEventListener("pointerover", look);
    this.addEventListener("focusin", look);
    this.addEventListener("pointerleave", () => this.look(null));
    this.addEventListener("focusout", () => this.look(null));
  }

  look(node) {
    this.classList.toggle("looking", Boolean(node));
    this.querySelectorAll(".near").forEach((element) => element.classList.remove("near"));
    if (!node) return;
    const near = new Set([node.dataset.node]);
    for (const link of this.querySelectorAll(".link")) {
      const { a, b } = link.dataset;
      if (a !== node.dataset.node && b !== node.dataset.node) continue;
      link.classList.add("near");
      near.add(a).add(b);
    }
    for (const other of this.querySelectorAll("[data-node]")) {
      other.classList.toggle("near", near.has(other.dataset.node));
    }
  }
}

customElements.define("network-map", NetworkMap);
