// Making elements; text is always set as text, so that nothing typed into a workbook can become markup.

const SVG = "http://www.w3.org/2000/svg";

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

/** An HTML element: make("p", { class: "muted" }, "text", another). */
export const make = (tag, attributes = {}, ...children) => filled(document.createElement(tag), attributes, children);

/** The same in a drawing. */
export const makeSvg = (tag, attributes = {}, ...children) => filled(document.createElementNS(SVG, tag), attributes, children);
