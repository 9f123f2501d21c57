/** Keeps what is broken apart: the rest of the page, power off above all, goes on, and nobody looks at an old picture unwarned. */
import { Component } from 'preact';
import { html } from './html.js';
import { t } from './texts.js';

/** Tries again when `of` changes (another port, another run). */
export class Boundary extends Component {
  componentDidCatch(error) {
    console.error(error);
    this.setState({ brokenAt: this.props.of });
  }

  render({ of, children }, { brokenAt }) {
    if (brokenAt === undefined || brokenAt !== of) return children;
    return html`<p class="notice is-bad is-broken" role="alert">${t('page.broken')} <button type="button" onClick=${() => location.reload()}>${t('page.reload')}</button></p>`;
  }
}
