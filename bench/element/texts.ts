/** What is said in the measurements: text as models write it. */

const WORDS = 'The order left our house on Monday and is **on its way** to you; `DE-17` is its number and the carrier says tomorrow.'.split(' ');

/** So many words, in paragraphs. */
export function deltasOfLength(count: number): string {
  return Array.from({ length: count }, (_, at) => WORDS[at % WORDS.length] + (at % 60 === 59 ? '\n\n' : ' ')).join('').trim();
}

/** A short answer, with a number so that no two are alike. */
export function answer(number: number): string {
  const kinds = [
    `Answer ${number}. ${WORDS.join(' ')}`,
    `### Answer ${number}\n\n- ${WORDS.slice(0, 8).join(' ')}\n- ${WORDS.slice(8, 16).join(' ')}\n\n| Order | State |\n|---|---|\n| ${number} | late |`,
    `Answer ${number}:\n\n\`\`\`js\nconst order = await find(${number});\nconsole.log(order.state);\n\`\`\``,
  ];
  return kinds[number % kinds.length]!;
}

/** A conversation of so many items, as the steps of a script. */
export function conversation(items: number): object[] {
  return Array.from({ length: items }, (_, at) => ({
    item: { type: 'assistant_message', content: [{ type: 'output_text', text: answer(at), annotations: [] }] },
  }));
}
