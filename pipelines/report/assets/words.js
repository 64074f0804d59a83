"use strict";
// Words, numbers and elements. Data reach the page as text nodes only, never as HTML.

const STRINGS = JSON.parse(document.getElementById("strings").textContent);
const LANGUAGE = document.documentElement.lang;
const integer = new Intl.NumberFormat(LANGUAGE, { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat(LANGUAGE, {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});
const percent = new Intl.NumberFormat(LANGUAGE, { style: "percent" });
const plural = new Intl.PluralRules(LANGUAGE);

/** Returns the string of a name with {fields} filled in. */
function say(name, fields = {}) {
  return STRINGS[name].replace(/\{(\w+)\}/g, (_, field) => fields[field]);
}

/** Returns the string of a name in singular or plural; its {count} is filled in. */
function sayCount(name, count, fields = {}) {
  const form = plural.select(count) === "one" ? "one" : "other";
  return say(`${name}_${form}`, { count: integer.format(count), ...fields });
}

/** Returns the name of an emotion; one that is not known stands for itself. */
function sayEmotion(label) {
  return STRINGS[`emotion_${label}`] ?? label;
}

/** Returns the name of a person, who may have no number. */
function sayPerson(person) {
  return person === null ? say("someone") : say("person", { person });
}

/** Returns mm:ss, or h:mm:ss from an hour on. */
function clock(milliseconds) {
  const seconds = Math.floor(milliseconds / 1000);
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return `${hours ? `${hours}:` : ""}${two(minutes)}:${two(seconds % 60)}`;
}

/** Returns the last part of a path. */
function baseName(path) {
  return path.split("/").filter(Boolean).pop() ?? path;
}

/** Makes an element with properties (and aria-… or data-… attributes) and children or texts. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role" || name === "scope") element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children);
  return element;
}
