// The page of Voila as a whole: the state in its address, and the keys of a lecture.

export default {
  render({ model, el }) {
    const stop = [lecture(model, el)]
    if (document.body.dataset.voila) stop.push(address(model))
    return () => stop.forEach((end) => end())
  },
}

// What is seen can be linked, and a link brings it back.
function address(model) {
  const here = () => location.hash.slice(1)
  const show = () => {
    const code = model.get('code')
    // The history keeps no entry for each step of a slider.
    if (code !== here()) history.replaceState(null, '', code ? '#' + code : location.pathname + location.search)
  }
  const ask = () => {
    if (here() === model.get('code')) return
    model.set('asked', here())
    model.save_changes()
  }
  model.on('change:code', show)
  addEventListener('hashchange', ask)
  if (here()) ask()
  else show()
  return () => removeEventListener('hashchange', ask)
}

const REMEMBERED = 'nndl-letter-key'
const TYPING = 'input, textarea, select, [contenteditable="true"]'

// L begins and ends the lecture mode, Esc ends it, Page Up and Page Down change the slide: remote controls send those.
function lecture(model, el) {
  const said = document.createElement('p')
  said.setAttribute('role', 'status')
  said.className = 'nndl-lecture-said'
  el.append(said)
  let fading
  const show = () => {
    const on = model.get('lecture')
    el.closest('.nndl-explorers')?.classList.toggle('nndl-lecture', on)
    const ends = model.get('letter_key') ? 'L or Esc ends' : 'Esc ends'
    said.textContent = on ? `Lecture mode: ${ends} it; Page Up and Page Down change the slide.` : ''
    clearTimeout(fading)
    fading = setTimeout(() => (said.textContent = ''), 5000)
  }
  const turn = (on) => {
    model.set('lecture', on)
    model.save_changes()
  }
  const press = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !el.isConnected) return
    const on = model.get('lecture'), typing = event.target.matches?.(TYPING)
    const letter = event.key.toLowerCase() === 'l' && model.get('letter_key')
    if (letter && !typing && document.body.dataset.voila) turn(!on)
    else if (event.key === 'Escape' && on) turn(false)
    else if (on && (event.key === 'PageDown' || event.key === 'PageUp')) {
      event.preventDefault()
      event.stopPropagation() // a slider that has the focus would move
      model.send({ slide: event.key === 'PageDown' ? 1 : -1 })
    } else return
  }
  const remember = () => localStorage.setItem(REMEMBERED, model.get('letter_key') ? 'on' : 'off')
  if (localStorage.getItem(REMEMBERED) === 'off') {
    model.set('letter_key', false)
    model.save_changes()
  }
  model.on('change:letter_key', remember)
  model.on('change:lecture', show)
  addEventListener('keydown', press, true)
  requestAnimationFrame(show)
  return () => (clearTimeout(fading), removeEventListener('keydown', press, true))
}
