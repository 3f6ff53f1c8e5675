'use strict';
(() => {
  const form = document.getElementById('filter');
  const told = document.getElementById('told');
  const found = [...document.querySelectorAll('article')];
  const choose = (id, values) => {
    const select = document.getElementById(id);
    for (const value of [...new Set(values)].sort()) {
      select.add(new Option(value, value));
    }
    return select;
  };
  if (form && found.length > 0) {
    const words = document.getElementById('words');
    const rule = choose('rule', found.map((one) => one.dataset.rule));
    const arch = choose('arch', found.flatMap((one) => one.dataset.arches.split(' ')));
    const texts = new Map(found.map((one) => [one, one.textContent.toLowerCase()]));
    const narrow = () => {
      const wanted = words.value.toLowerCase().split(/\s+/).filter((word) => word !== '');
      let count = 0;
      for (const one of found) {
        const is = (rule.value === '' || one.dataset.rule === rule.value)
          && (arch.value === '' || one.dataset.arches.split(' ').includes(arch.value))
          && wanted.every((word) => texts.get(one).includes(word));
        one.hidden = !is;
        count += is ? 1 : 0;
      }
      told.textContent = `${count} of ${found.length} shown`;
    };
    form.hidden = false;
    form.addEventListener('input', narrow);
    document.getElementById('all').addEventListener('click', () => {
      words.value = rule.value = arch.value = '';
      narrow();
    });
    narrow();
  }
  for (const block of document.querySelectorAll('pre.copy')) {
    if (!navigator.clipboard) { break; }
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = 'Copy the configuration';
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(block.textContent);
        button.textContent = 'Copied';
      } catch {
        button.textContent = 'Not copied: select the text';
      }
    });
    block.after(button);
  }
})();
