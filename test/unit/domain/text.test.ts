import { compareUtf8, isCleanText, utf8Length } from '@holdfast/domain';
import fc from 'fast-check';
import assert from 'node:assert/strict';

// Units on both sides of the surrogates, where UTF-16 and UTF-8 disagree about the order.
const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'a',
        'z',
        '\u007f',
        '\u0080',
        '\u07ff',
        '\u0800',
        '\ud7ff',
        '\ue000',
        '\uffff',
      ),
      fc.constantFrom('\u{10000}', '\u{10001}', '\u{103ff}', '\u{10400}', '\u{10ffff}'),
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
    { maxLength: 6 },
  )
  .map((pieces) => pieces.join('').toWellFormed());

describe('text', () => {
  it('is ordered as its UTF-8 is', () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, (shared, left, right) => {
        const [a, b] = [shared + left, shared + right];
        const expected = Buffer.compare(Buffer.from(a), Buffer.from(b));
        assert.equal(Math.sign(compareUtf8(a, b)), expected);
        assert.equal(Math.sign(compareUtf8(b, a)), expected === 0 ? 0 : -expected);
      }),
      { numRuns: 10_000 },
    );
  });

  it('sorts characters of four bytes behind those of three', () => {
    assert.ok(compareUtf8('\uffff', '\u{10000}') < 0);
    assert.ok(compareUtf8('\u{10000}', '\ue000') > 0);
    assert.ok(compareUtf8('\ud7ff', '\u{10000}') < 0);
    assert.deepEqual(['\u{10000}', '\uffff'].toSorted(), ['\u{10000}', '\uffff']);
  });

  it('is as long as its UTF-8', () => {
    fc.assert(
      fc.property(anyText, (text) => assert.equal(utf8Length(text), Buffer.byteLength(text))),
    );
  });

  it('is clean without control characters and lone surrogates', () => {
    for (let unit = 0; unit <= 0xffff; unit += 1) {
      const isControl = unit < 0x20 || (unit >= 0x7f && unit <= 0x9f);
      const isSurrogate = unit >= 0xd800 && unit <= 0xdfff;
      assert.equal(isCleanText(String.fromCharCode(unit)), !isControl && !isSurrogate, `${unit}`);
    }
    for (const text of ['', ' ', '\u{10000}', '\u{10ffff}']) assert.equal(isCleanText(text), true);
    assert.equal(isCleanText('\udc00\ud800'), false);
  });
});
