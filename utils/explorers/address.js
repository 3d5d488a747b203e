// The state in the address of Voila's page: what is seen can be linked, and a link brings it back.

export default {
  render({ model }) {
    if (!document.body.dataset.voila) return
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
  },
}
