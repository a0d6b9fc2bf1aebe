/** The looks of the page at /docs. */
export const docsStyle = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 62rem; padding: 0 1rem 4rem; }
header { display: flex; flex-wrap: wrap; gap: 1rem; align-items: baseline; }
h2 { margin: 2rem 0 .25rem; border-bottom: 1px solid #8886; }
details { margin: .25rem 0; border: 1px solid #8884; border-radius: 4px; padding: .25rem .5rem; }
summary { cursor: pointer; }
code, pre, textarea { font: 13px/1.4 ui-monospace, monospace; }
pre { overflow: auto; max-height: 30rem; background: #8881; padding: .5rem; }
textarea { width: 100%; box-sizing: border-box; min-height: 6rem; }
table { border-collapse: collapse; } td { padding: .15rem .75rem .15rem 0; vertical-align: top; }
.method { display: inline-block; width: 3.5rem; font-weight: 600; }
`;

/** What it does: reads the document with a token, lists its operations, and calls them. */
export const docsScript = `
'use strict';
const main = document.getElementById('operations');
const filter = document.getElementById('filter');
const tokenField = document.getElementById('token');
const make = (name, content, attributes) => {
  const element = document.createElement(name);
  for (const part of [].concat(content === undefined ? [] : content)) element.append(part);
  return Object.assign(element, attributes);
};
const asJson = (body) => body ? { 'content-type': 'application/json' } : {};
const call = (method, path, body) => fetch(path, {
  method,
  headers: { authorization: 'Bearer ' + tokenField.value, ...asJson(body) },
  ...(body === undefined ? {} : { body }),
});
const pretty = (value) => JSON.stringify(value, null, 2);
let api;
const resolve = (value) => value && value.$ref
  ? value.$ref.slice(2).split('/').reduce((at, part) => at[part], api) : value;
const bodySchema = (content) => Object.values(content || {}).map((media) => media.schema).find(Boolean);

const operationView = (method, path, operation) => {
  const inputs = new Map();
  const parameters = (operation.parameters || []).map(resolve);
  const rows = parameters.map((parameter) => {
    const input = make('input', undefined, { placeholder: parameter.in });
    inputs.set(parameter, input);
    return make('tr', [
      make('td', make('code', parameter.name)), make('td', input), make('td', parameter.description || ''),
    ]);
  });
  const request = operation.requestBody && operation.requestBody.content['application/json'];
  const example = request && Object.values(request.examples || {})[0];
  const body = request && make('textarea', undefined, { value: pretty(example ? example.value : {}) });
  const shown = make('pre', '', { hidden: true });
  const button = make('button', 'Call');
  button.onclick = async () => {
    let target = path;
    const query = new URLSearchParams();
    const headers = {};
    for (const [parameter, input] of inputs) {
      if (parameter.in === 'path') target = target.replace('{' + parameter.name + '}', encodeURIComponent(input.value));
      else if (input.value !== '' && parameter.in === 'query') query.set(parameter.name, input.value);
      else if (input.value !== '') headers[parameter.name] = input.value;
    }
    shown.hidden = false;
    shown.textContent = '…';
    if (query.has('watch') || query.get('follow') === 'true') {
      shown.textContent = 'Streams are for programs: curl -N shows them.';
      return;
    }
    try {
      const suffix = query.size === 0 ? '' : '?' + query;
      const answer = await fetch(target + suffix, {
        method: method.toUpperCase(),
        headers: { ...headers, authorization: 'Bearer ' + tokenField.value, ...asJson(body) },
        ...(body ? { body: body.value } : {}),
      });
      const text = await answer.text();
      let formatted = text;
      try { formatted = pretty(JSON.parse(text)); } catch {}
      const position = answer.headers.get('x-ultracloud-position');
      shown.textContent = answer.status + ' at position ' + position + '\\n' + formatted;
    } catch (error) { shown.textContent = String(error); }
  };
  const responses = Object.entries(operation.responses).map(([status, given]) => {
    const response = resolve(given);
    return make('tr', [make('td', make('code', status)), make('td', response.description)]);
  });
  const answerSchema = bodySchema(resolve(operation.responses['200']).content);
  const verb = make('span', method.toUpperCase(), { className: 'method' });
  const view = make('details', [
    make('summary', [verb, make('code', path), ' ', operation.summary]),
    rows.length ? make('table', rows) : '',
    body ? make('details', [make('summary', 'Schema of the body'), make('pre', pretty(request.schema))]) : '',
    body || '',
    make('p', button), shown,
    make('table', responses),
    answerSchema ? make('details', [make('summary', 'Schema of the answer'), make('pre', pretty(answerSchema))]) : '',
  ]);
  view.dataset.words = (path + ' ' + operation.summary + ' ' + operation.operationId).toLowerCase();
  return view;
};

document.getElementById('open').onsubmit = async (event) => {
  event.preventDefault();
  const answer = await call('GET', '/openapi.json');
  if (!answer.ok) { main.replaceChildren(make('p', (await answer.json()).message)); return; }
  api = await answer.json();
  const sections = api.tags.map((tag) => {
    const views = Object.entries(api.paths).flatMap(([path, methods]) => Object.entries(methods)
      .filter(([, operation]) => operation.tags[0] === tag.name)
      .map(([method, operation]) => operationView(method, path, operation)));
    return make('section', [make('h2', tag.name), make('p', tag.description), ...views]);
  });
  main.replaceChildren(make('p', api.info.description), ...sections);
  filter.hidden = false;
};
filter.oninput = () => {
  for (const view of main.querySelectorAll('section > details')) {
    view.hidden = !view.dataset.words.includes(filter.value.toLowerCase());
  }
};
`;
