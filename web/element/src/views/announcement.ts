import type { Items } from '../chat/items';
import type { View } from './view';

/** What is written beside a text and does not belong to it: the head of code, the source of a formula. */
const NOT_READ = '.code-head, annotation, .cite';
/** After how long what stands in an answer can be read, and after how long it need not be read any more. */
const [READ_AFTER, READ_WITHIN] = [100, 7_000];

/** What screen readers say by themselves: that an answer is on its way, and then the whole of it, once. */
export class Announcer {
  text = '';
  /** What there was at the last look. */
  private seen: { items: Items | null; asked: number; isAnswering: boolean } = { items: null, asked: 0, isAnswering: false };
  private timer = 0;

  /** Looks at what has been drawn. */
  look(view: View): void {
    const { items, asked, isAnswering } = view.session.chat;
    const before = this.seen;
    this.seen = { items, asked, isAnswering };
    const isHere = before.items === items;
    if (isAnswering) {
      if (before.isAnswering && isHere) return;
      clearTimeout(this.timer);
      this.say(view.locale.text('thinking'), view);
    } else if (before.isAnswering || (isHere && before.asked !== asked)) {
      // A short one may begin and end between two looks. Whoever has left the thread does not want to hear of it.
      this.say('', view);
      if (isHere) this.later(READ_AFTER, () => this.seen.items === items && this.read(view));
    }
  }

  private read(view: View): void {
    this.say(spoken(view), view);
    this.later(READ_WITHIN, () => this.say('', view));
  }

  private say(text: string, { changes }: View): void {
    this.text = text;
    changes.mark();
  }

  private later(milliseconds: number, act: () => void): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(act, milliseconds);
  }
}

/** The words of the messages since the visitor's last one. An answer of other things is named, to be looked at. */
function spoken({ host, locale }: View): string {
  const items = [...host.shadowRoot!.querySelectorAll('.items article')];
  const answer = items.slice(items.findLastIndex((item) => item.matches('.user_message')) + 1);
  const messages = answer.filter((item) => item.matches('.assistant_message'));
  if (answer.length > 0 && messages.length === 0) return locale.text('assistantSaid');
  return messages.flatMap((message) => [...message.querySelectorAll('chatkitd-markdown > .block')].map(words)).join(' ');
}

function words(block: Element): string {
  const copy = block.cloneNode(true) as Element;
  copy.querySelectorAll(NOT_READ).forEach((part) => part.remove());
  copy.querySelectorAll('br').forEach((end) => end.replaceWith(' '));
  // Where a line ends on the screen, a word ends for the ear.
  copy.querySelectorAll('li, th, td, .block').forEach((line) => line.append(' '));
  return copy.textContent!.replace(/\s+/g, ' ').trim();
}
