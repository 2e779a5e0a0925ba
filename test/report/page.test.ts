/** Pages in one browser: starting one for each part would take longer than many of the parts. */
import { useBrowser } from '../support/browser.ts';
import { testAccessibility } from './page/accessibility.ts';
import { testCharts } from './page/charts.ts';
import { testLook } from './page/look.ts';
import { testUse } from './page/use.ts';

const openPage = useBrowser();
testLook(openPage);
testCharts(openPage);
testUse(openPage);
testAccessibility(openPage);
