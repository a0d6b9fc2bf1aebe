import { idForm } from '#aggregates/iam/words';

test('an id of bytes is one char for each byte of its text', () => {
  expect(idForm(true, 'é/a')).toBe('Ã©/a');
  expect(idForm(false, 'é/a')).toBe('é/a');
});
