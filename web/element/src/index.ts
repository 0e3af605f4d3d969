import { ChatKitElement } from './element';
import { MarkdownElement } from './text/markdown';
import { ComposerInput } from './views/composer-input';
import { CalendarElement } from './widgets/calendar';
import { ChartElement } from './widgets/chart';
import { ComboboxElement } from './widgets/combobox';
import { WidgetElement } from './widgets/widget';

// Two copies of the script on one page: the first one stays.
define('chatkitd-input', ComposerInput);
define('chatkitd-markdown', MarkdownElement);
define('chatkitd-calendar', CalendarElement);
define('chatkitd-chart', ChartElement);
define('chatkitd-combobox', ComboboxElement);
define('chatkitd-widget', WidgetElement);
define('openai-chatkit', ChatKitElement);

function define(name: string, element: CustomElementConstructor): void {
  if (customElements.get(name) === undefined) customElements.define(name, element);
}
