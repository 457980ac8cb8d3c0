// Numbers with a pattern group themselves while they are typed: a CNIC as 45102-1234567-1.

const FOREIGN_DIGITS = /[٠-٩۰-۹]/g;

function plainDigits(text) {
  return text
    .replace(FOREIGN_DIGITS, (digit) => String(digit.codePointAt(0) & 0xf))
    .replace(/\D/g, "");
}

function grouped(digits, sizes) {
  const parts = [];
  let start = 0;
  for (const size of sizes) {
    if (start >= digits.length) break;
    parts.push(digits.slice(start, start + size));
    start += size;
  }
  return parts.join("-") + digits.slice(start);
}

function regroup(input) {
  const sizes = input.dataset.group.split("-").map(Number);
  const digitsBefore = plainDigits(input.value.slice(0, input.selectionStart)).length;
  const text = grouped(plainDigits(input.value), sizes);
  if (text === input.value) return;
  input.value = text;
  let position = 0;
  for (let seen = 0; position < text.length && seen < digitsBefore; position += 1) {
    if (text[position] !== "-") seen += 1;
  }
  input.setSelectionRange(position, position);
}

export function groupDigits(root) {
  root.addEventListener("input", ({ target }) => {
    if (target instanceof HTMLInputElement && target.dataset.group) regroup(target);
  });
}
