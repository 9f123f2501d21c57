import htm from 'htm';
import { h } from 'preact';

/** Templates in place of JSX: the page has no build step. */
export const html = htm.bind(h);

/** Words that are true, with a space between: `classes('port', isBusy && 'busy')`. */
export const classes = (...names) => names.filter(Boolean).join(' ');
