// The half of an explorer that runs in the browser.
// A child module of `.nndl-explorer`: whatever it does, it does to the explorer that it stands in.

const AT_REST = 600 // milliseconds without a new picture, after which its text is read out
const NOW_AND_THEN = 10000 // milliseconds from one announcement of the long work to the next

export default {
  render({ model, el }) {
    const stop = []
    // A widget is rendered before it is put into the page.
    whenConnected(el, stop, () => {
      const root = el.closest('.nndl-explorer')
      if (root) stop.push(nameControls(root))
    })
    stop.push(speak(model, el))
    copyButtons(model, el)
    return () => stop.forEach((end) => end())
  },
}

function whenConnected(el, stop, action) {
  const wait = () => (el.isConnected ? action() : (frame = requestAnimationFrame(wait)))
  let frame = requestAnimationFrame(wait)
  stop.push(() => cancelAnimationFrame(frame))
}

// ipywidgets gives a slider's handle no name, and a logarithmic one reads out the exponent for the value.
function nameControls(root) {
  const set = (node, name, value) => node.getAttribute(name) === value || node.setAttribute(name, value)
  const name = () => {
    for (const handle of root.querySelectorAll('.noUi-handle')) {
      const row = handle.closest('.widget-inline-hbox')
      const label = row?.querySelector('.widget-label')?.textContent
      const readout = row?.querySelector('.widget-readout')
      if (!label) continue
      set(handle, 'aria-label', label)
      if (!readout) continue
      set(handle, 'aria-valuetext', readout.textContent)
      set(readout, 'role', 'textbox')
      set(readout, 'aria-label', `${label}, typed as a number`)
    }
    for (const bar of root.querySelectorAll('.widget-hprogress')) {
      const progress = bar.querySelector('.progress'), filled = bar.querySelector('.progress-bar')
      set(progress, 'role', 'progressbar')
      set(progress, 'aria-label', bar.querySelector('.widget-label')?.textContent || 'progress')
      set(progress, 'aria-valuenow', String(Math.round(parseFloat(filled.style.width) || 0)))
    }
  }
  const observer = new MutationObserver(name)
  observer.observe(root, { subtree: true, childList: true, attributes: true, attributeFilter: ['aria-valuetext'] })
  name()
  return () => observer.disconnect()
}

// Two lines below the picture, which a screen reader reads out when they change, but not at every step.
function speak(model, el) {
  const line = () => {
    const made = document.createElement('p')
    made.setAttribute('role', 'status')
    el.append(made)
    return made
  }
  const picture = line(), results = line()
  el.classList.add('nndl-said')
  let resting, later, last = 0
  const showPicture = () => {
    clearTimeout(resting)
    resting = setTimeout(() => (picture.textContent = model.get('picture_text')), AT_REST)
  }
  const showResults = () => {
    clearTimeout(later)
    const text = model.get('results_text'), wait = last + NOW_AND_THEN - Date.now()
    if (!text || model.get('over') || wait <= 0) {
      results.textContent = text
      last = text ? Date.now() : 0
    } else later = setTimeout(showResults, wait)
  }
  model.on('change:picture_text', showPicture)
  model.on('change:results_text change:over', showResults)
  showPicture()
  showResults()
  return () => [resting, later].forEach(clearTimeout)
}

// A link works on Voila's page alone: in a notebook, the address is that of the notebook.
function copyButtons(model, el) {
  const done = document.createElement('span')
  done.setAttribute('role', 'status')
  const row = document.createElement('div')
  const button = (text, what) => {
    const made = document.createElement('button')
    made.className = 'jupyter-button widget-button'
    made.textContent = text
    made.onclick = async () => {
      const copied = await copy(what(), el)
      done.textContent = copied ? 'Copied.' : 'The browser does not let a page copy; mark the text of State instead.'
      setTimeout(() => (done.textContent = ''), 4000)
    }
    row.append(made)
  }
  if (document.body.dataset.voila) button('Copy link', () => location.href.split('#')[0] + '#' + model.get('code'))
  button('Copy as a cell', () => model.get('cell'))
  row.append(done)
  el.append(row)
}

async function copy(text, el) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const area = document.createElement('textarea') // where the page has no right to the clipboard, or no HTTPS
    area.value = text
    el.append(area)
    area.select()
    const copied = document.execCommand('copy')
    area.remove()
    return copied
  }
}
