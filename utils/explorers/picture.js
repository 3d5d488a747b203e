// The page's half of picture.py: it shows an SVG and reports what somebody does to the handles in it.
//
// A handle is an element with `data-handle`, whose JSON says along which axes it can be moved (see `handle` in
// picture.py). It can be dragged with a mouse or a finger, and moved with the arrow keys.
// Where `data-stroke` stands, a line can be drawn over handles that move up and down: those with the same word in
// `data-stroke-group` go where it passes.
// Elements with the same word in `data-link` belong together: pointing at one of them, or focusing it, lights all of
// them up, and a click or Enter keeps them so. What `data-says` of such an element says is shown below the picture.

const ARROWS = { ArrowLeft: ['x', -1], ArrowRight: ['x', 1], ArrowDown: ['y', -1], ArrowUp: ['y', 1] }
const REACH = 10 // units of a picture: how near to a handle a stroke has to come to take it along
const PATIENCE = 5000 // milliseconds after which an answer is taken for lost: the kernel was started anew

export default {
  render({ model, el }) {
    const stage = document.createElement('div'), caption = document.createElement('p')
    stage.className = 'stage'
    caption.setAttribute('aria-hidden', 'true') // a screen reader reads the same from the element itself
    el.classList.add('nndl-picture')
    el.append(stage, caption)
    const reports = reporting(model)
    let drag = null, stroke = null, pinned = null, pointed = null
    const members = new Map() // of each group of handles, the name of the one that Tab reaches

    const find = (name) => [...stage.querySelectorAll('[data-handle]')].find((node) => read(node).name === name)
    const show = () => {
      const fresh = document.createElement('template')
      fresh.innerHTML = model.get('value')
      morph(stage, fresh.content)
      for (const move of [...reports.waiting.values(), ...(stroke?.last.values() ?? []), drag?.last]) {
        const node = move && find(move.handle)
        if (node) place(node, move) // the picture is older than what was done since
      }
      // The arrow keys belong to what has the focus, not to the notebook, which looks for this at the element itself.
      for (const node of stage.querySelectorAll('[tabindex]')) node.dataset.lmSuppressShortcuts = 'true'
      if (!model.get('movable')) {
        for (const node of stage.querySelectorAll('[data-handle]')) {
          for (const name of node.getAttributeNames()) {
            if (/^(data-handle|data-group|role|tabindex|aria-.*)$/.test(name)) node.removeAttribute(name)
          }
        }
      }
      for (const node of stage.querySelectorAll('[data-group]')) {
        const { name } = read(node), group = node.dataset.group
        if (!members.has(group) || !find(members.get(group))) members.set(group, name)
        node.setAttribute('tabindex', members.get(group) === name ? '0' : '-1')
      }
      light(pointed ?? linkOf(stage.querySelector(':focus')))
    }
    const light = (link) => {
      link ??= pinned
      stage.classList.toggle('lit', Boolean(link))
      let said = ''
      for (const node of stage.querySelectorAll('[data-link]')) {
        const on = node.dataset.link.split(' ').includes(link)
        node.classList.toggle('linked', on)
        if (node.getAttribute('role') === 'button') node.setAttribute('aria-pressed', String(node.dataset.link === pinned))
        if (on) said ||= node.dataset.says || ''
      }
      caption.textContent = said
    }
    const move = (node, change, done) => {
      const report = { ...change, handle: read(node).name, done }
      place(node, report)
      reports.send(report)
      return report
    }

    stage.addEventListener('pointerdown', (event) => {
      const node = event.target.closest('[data-handle]')
      const group = node?.dataset.strokeGroup ?? event.target.closest('[data-stroke]')?.dataset.stroke
      if (!(node || group) || event.button) return
      event.preventDefault() // no text is selected
      if (group) {
        node?.focus({ preventScroll: true })
        stage.setPointerCapture(event.pointerId)
        stroke = { group, at: point(stage, event), last: new Map() }
        draw(stroke.at)
        return
      }
      const handle = read(node), at = point(stage, event)
      if (node.dataset.group) members.set(node.dataset.group, handle.name)
      node.focus({ preventScroll: true })
      stage.setPointerCapture(event.pointerId) // of the stage: the handle may be drawn anew meanwhile
      drag = { name: handle.name, handle, from: {}, last: null } // its axes as they are now: the picture may rescale them
      for (const axis of ['x', 'y']) {
        if (handle[axis]) drag.from[axis] = toPlace(handle[axis], handle[axis].value) - at[axis]
      }
    })
    // A stroke takes each handle that it passes to its own height, and the one that is nearest to where it begins.
    const draw = (to) => {
      const { group, at: from } = stroke
      const handles = [...stage.querySelectorAll(`[data-stroke-group="${group}"]`)]
      const far = (node) => Math.abs(read(node).beside - to.x)
      const nearest = handles.reduce((best, node) => (far(node) < far(best) ? node : best), handles[0])
      for (const node of handles) {
        const { name, beside, y } = read(node), passed = (beside - from.x) * (beside - to.x) < 0
        if (!passed && far(node) > REACH && !(node === nearest && from === to)) continue
        const share = passed ? (beside - from.x) / (to.x - from.x) : 1
        const value = toValue(y, from.y + share * (to.y - from.y))
        if (value !== y.value) stroke.last.set(name, move(node, { y: value }, false))
      }
      stroke.at = to
    }
    stage.addEventListener('pointermove', (event) => {
      if (stroke) draw(point(stage, event))
      const node = drag && find(drag.name)
      if (!node) return
      const handle = read(node), at = point(stage, event), change = {}
      for (const axis in drag.from) change[axis] = toValue(drag.handle[axis], at[axis] + drag.from[axis])
      if (Object.keys(change).some((axis) => change[axis] !== handle[axis].value)) drag.last = move(node, change, false)
    })
    const drop = () => {
      const moved = [...(stroke?.last.values() ?? []), drag?.last].filter(Boolean)
      drag = stroke = null
      for (const last of moved) {
        const node = find(last.handle)
        if (node) move(node, last, true)
      }
    }
    stage.addEventListener('pointerup', drop)
    stage.addEventListener('pointercancel', drop)

    stage.addEventListener('keydown', (event) => {
      const node = event.target.closest('[data-handle]'), link = event.target.closest('[data-link]')
      if (node && !event.ctrlKey && !event.altKey && !event.metaKey) {
        const change = keyed(read(node), event)
        if (change) move(node, change, true)
        else if (node.dataset.group && /^Page(Up|Down)$/.test(event.key)) {
          const group = [...stage.querySelectorAll(`[data-group="${node.dataset.group}"]`)]
          const next = group.at((group.indexOf(node) + (event.key === 'PageDown' ? 1 : -1)) % group.length)
          members.set(node.dataset.group, read(next).name)
          node.setAttribute('tabindex', '-1')
          next.setAttribute('tabindex', '0')
          next.focus({ preventScroll: true })
        } else return
      } else if (link && (event.key === 'Enter' || event.key === ' ')) pin(link)
      else return
      event.preventDefault()
      event.stopPropagation()
    })
    const pin = (node) => {
      pinned = pinned === node.dataset.link ? null : node.dataset.link
      light(node.dataset.link)
    }
    stage.addEventListener('click', (event) => {
      const node = event.target.closest('[data-link]')
      if (node && !event.target.closest('[data-handle]')) pin(node)
    })
    stage.addEventListener('pointerover', (event) => light((pointed = linkOf(event.target))))
    stage.addEventListener('pointerleave', () => light((pointed = null)))
    stage.addEventListener('focusin', (event) => light(linkOf(event.target)))
    stage.addEventListener('focusout', () => light())

    model.on('change:value', show)
    show()
    return () => {
      model.off('change:value', show)
      reports.end()
    }
  },
}

// Reports go out one at a time: while Python is at one, only the newest of each handle that comes after it is kept.
function reporting(model) {
  let sent = 0
  const self = {
    waiting: new Map(), // by the names of the handles
    send(report) {
      if (Date.now() - sent < PATIENCE) self.waiting.set(report.handle, report)
      else {
        sent = Date.now()
        model.send(report)
      }
    },
    end: () => model.off('msg:custom', heard),
  }
  const heard = (message) => {
    if (!message.heard) return
    const [next] = self.waiting.values()
    sent = 0
    if (!next) return
    self.waiting.delete(next.handle)
    self.send(next)
  }
  model.on('msg:custom', heard)
  return self
}

const linkOf = (node) => node?.closest('[data-link]')?.dataset.link ?? null
const read = (node) => JSON.parse(node.dataset.handle)

// An axis says where its values lie: of[0] at at[0], of[1] at at[1], in the units of the picture.
function toPlace({ at, of, log }, value) {
  const share = log ? Math.log(value / of[0]) / Math.log(of[1] / of[0]) : (value - of[0]) / (of[1] - of[0])
  return at[0] + share * (at[1] - at[0])
}

function toValue(axis, place) {
  const { at, of, log } = axis, share = Math.min(1, Math.max(0, (place - at[0]) / (at[1] - at[0])))
  return rounded(axis, log ? of[0] * (of[1] / of[0]) ** share : of[0] + share * (of[1] - of[0]))
}

function rounded({ of, step, log }, value) {
  const near = log ? 10 ** (Math.round(Math.log10(value) / step) * step) : Math.round(value / step) * step
  return Number(Math.min(Math.max(...of), Math.max(Math.min(...of), near)).toPrecision(6))
}

// What a key asks for; a handle of one axis listens to all four arrows, as every slider does.
function keyed(handle, { key, shiftKey }) {
  const only = handle.x && handle.y ? null : handle.x ? 'x' : 'y'
  const [named, sign] = ARROWS[key] ?? []
  if (only && (key === 'Home' || key === 'End')) {
    const { of } = handle[only]
    return { [only]: key === 'Home' ? Math.min(...of) : Math.max(...of) }
  }
  if (!named) return null
  const name = only ?? named, axis = handle[name], far = sign * axis.step * (shiftKey ? 10 : 1)
  const change = { [name]: rounded(axis, axis.log ? axis.value * 10 ** far : axis.value + far) }
  if (!only) change[name === 'x' ? 'y' : 'x'] = handle[name === 'x' ? 'y' : 'x'].value
  return change
}

// Put a handle where it was moved to, before Python has drawn the picture anew.
function place(node, report) {
  const handle = read(node)
  for (const axis of ['x', 'y']) if (handle[axis] && report[axis] !== undefined) handle[axis].value = report[axis]
  node.dataset.handle = JSON.stringify(handle)
  if (!handle.still) {
    const [x, y] = ['x', 'y'].map((axis) => (handle[axis] ? toPlace(handle[axis], handle[axis].value) : handle.beside))
    node.setAttribute('transform', `translate(${x} ${y})`)
  }
}

function point(stage, event) {
  const svg = stage.querySelector('svg')
  return new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse())
}

// Turn the nodes of the last picture into those of the next. What stays keeps its focus, and nothing flickers.
function morph(old, fresh) {
  const before = [...old.childNodes], after = [...fresh.childNodes]
  after.forEach((node, index) => {
    const there = before[index]
    if (!there) old.append(node)
    else if (there.nodeName !== node.nodeName || there.nodeType !== Node.ELEMENT_NODE) {
      if (there.nodeName !== node.nodeName) there.replaceWith(node)
      else if (there.data !== node.data) there.data = node.data
    } else {
      for (const { name } of [...there.attributes]) if (!node.hasAttribute(name)) there.removeAttribute(name)
      for (const { namespaceURI, name, value } of node.attributes) {
        if (there.getAttribute(name) !== value) there.setAttributeNS(namespaceURI, name, value)
      }
      morph(there, node)
    }
  })
  before.slice(after.length).forEach((node) => node.remove())
}
