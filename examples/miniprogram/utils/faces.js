/** What stands for a person without a picture: the first character, which may be longer than a unit of the text. */
function initial(name) {
  return Array.from(String(name))[0] || '?'
}

module.exports = { initial }
