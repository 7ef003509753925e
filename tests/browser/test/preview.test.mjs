// Mini programs in a browser: what a project may be made of, and what a developer sees of it.
import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Server } from '../../phones/lib/server.mjs'
import { launch } from '../lib/chromium.mjs'
import { Program } from '../lib/program.mjs'

const FIXTURES = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../../web/host/test/fixtures')
const FIXTURE = path.join(FIXTURES, 'shop')

let folder, server, browser

before(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'huitong-preview-'))
  fs.cpSync(FIXTURE, folder, { recursive: true })
  ;[server, browser] = await Promise.all([Server.start({ preview: folder }), launch()])
})
after(async () => {
  await browser?.close()
  await server?.stop()
  fs.rmSync(folder, { recursive: true, force: true })
})

const write = (file, change) => fs.writeFileSync(path.join(folder, file), change(fs.readFileSync(path.join(folder, file), 'utf8')))

test('a_page_with_components_styles_scripts_and_slots_is_shown_as_on_a_phone', async () => {
  const shop = await Program.open(browser, server)
  await shop.says('load show ready')
  await shop.says('¥12.50 元')
  assert.equal(await shop.page.textContent('.title'), 'Shop')
  const look = await shop.ask(() => {
    const style = (selector) => getComputedStyle(document.querySelector(selector))
    return {
      padding: style('.title').paddingTop,
      price: style('price view').paddingTop,
      color: style('price text').color,
      host: style('price').display,
      wide: document.querySelector('.none').getBoundingClientRect().width,
      viewport: innerWidth,
    }
  })
  // 32rpx of a phone that is 375 wide are 16 px; a component's styles are its own, and not the page's.
  assert.deepEqual(look, { padding: '16px', price: '0px', color: 'rgb(200, 0, 0)', host: 'block', wide: 407, viewport: 375 })
  await shop.until('the picture is there', () => shop.ask(() => getCurrentPages()[0].data.loaded === 8))
  await shop.screenshot('preview-shop')
  assert.deepEqual(shop.faults, [])
  await shop.close()
})

test('pages_are_stacked_with_their_lives_and_the_bar_follows', async () => {
  const shop = await Program.open(browser, server)
  await shop.tap('#good-2 > text')
  await shop.says('name: 杯')
  assert.deepEqual(await shop.stack(), ['pages/home/home', 'pages/detail/detail'])
  await shop.until('the bar has the title', async () => (await shop.page.textContent('.title')) === 'No 2')
  await shop.tap('#modal')
  await shop.frame.locator('.wx-modal footer button').last().click()
  await shop.says('yes')
  await shop.page.click('.back')
  await shop.says('nothing')
  assert.deepEqual(await shop.stack(), ['pages/home/home'])
  await shop.tap('#good-1 price text')
  await shop.says('chosen 1250')
  await shop.says('碗')
  await shop.tap('#lost')
  await shop.says('navigateTo:fail page "pages/none/none" is not found')
  await shop.page.click('.hide')
  await shop.page.click('.hide')
  const events = await shop.ask(() => getApp().globalData.events)
  assert.deepEqual(events.slice(-4).sort(), ['hide', 'price hidden', 'price hidden', 'show'])
  assert.deepEqual(shop.faults, [])
  await shop.close()
})

test('the_controls_of_the_platform_work', async () => {
  const shop = await Program.open(browser, server, { hash: '#/pages/kit/kit' })
  await shop.find('input[type=text]').fill('hello')
  await shop.tap('#why')
  await shop.tap('#send')
  await shop.says('{"word":"hello","on":true,"many":["b"],"one":"y","much":3}')
  await shop.tap('switch input')
  await shop.says('switch false')
  await shop.tap('#pick')
  await shop.frame.locator('.wx-sheet select').selectOption('blue')
  await shop.frame.locator('.wx-sheet-ok').click()
  await shop.says('pick blue')
  await shop.ask(() => document.querySelector('scroll-view').scrollTo({ top: 9999 }))
  await shop.says('bottom')
  assert.equal(await shop.ask(() => window.bad), undefined, 'a script in a rich text does not run')
  await shop.screenshot('preview-kit')
  await shop.close()
})

test('what_answers_taps_is_reached_and_pressed_with_a_keyboard_and_dialogues_keep_it', async () => {
  const shop = await Program.open(browser, server)
  await shop.says('load show ready')
  const { keyboard } = shop.page
  const isFocused = (selector) => shop.ask((_body, wanted) => document.activeElement?.matches(wanted), selector)
  const good = shop.find('#good-2')
  assert.deepEqual([await good.getAttribute('role'), await good.getAttribute('tabindex')], ['button', '0'])
  assert.equal(await shop.find('.title').first().getAttribute('tabindex'), null, 'what answers nothing is passed over')
  await shop.find('#good-1').focus()
  await keyboard.press('Tab') // The price in it answers taps as well.
  await keyboard.press('Tab')
  assert.ok(await isFocused('#good-2'))
  await keyboard.press('Enter')
  await shop.says('name: 杯')
  await shop.find('#modal').focus()
  await keyboard.press('Space')
  const dialogue = shop.frame.locator('.wx-modal')
  await dialogue.waitFor()
  for (const press of ['', 'Tab', 'Tab', 'Shift+Tab']) {
    if (press) await keyboard.press(press)
    assert.ok(await isFocused('.wx-modal button'), `after ${press}`)
  }
  await keyboard.press('Escape')
  await shop.says('no')
  assert.ok(await isFocused('#modal'), 'the keyboard is where it was')
  await keyboard.press('Enter')
  await dialogue.waitFor()
  await keyboard.press('Enter')
  await shop.says('yes')
  await shop.close()
  const kit = await Program.open(browser, server, { hash: '#/pages/kit/kit' })
  await kit.find('#pick').focus()
  await kit.page.keyboard.press('Enter')
  await kit.frame.locator('.wx-sheet select').waitFor()
  await kit.page.keyboard.press('ArrowDown')
  await kit.frame.locator('.wx-sheet-ok').press('Enter')
  await kit.says('pick green')
  assert.deepEqual([...shop.faults, ...kit.faults], [])
  await kit.close()
})

test('what_a_browser_lacks_fails_with_a_reason', async () => {
  const shop = await Program.open(browser, server)
  const told = await shop.ask(() => new Promise((resolve) => wx.scanCode({ fail: resolve })))
  assert.equal(told.errMsg, 'scanCode:fail not supported in a browser')
  assert.equal(await shop.ask(() => wx.scanCode().catch(({ errMsg }) => errMsg)), 'scanCode:fail not supported in a browser')
  assert.equal(await shop.ask(() => wx.canIUse('scanCode')), false)
  assert.equal(await shop.ask(() => wx.canIUse('connectSocket')), true)
  const { errMsg } = await shop.ask(() => wx.authorize({ scope: 'scope.userLocation' }).catch((error) => error))
  assert.equal(errMsg, 'authorize:fail scope.userLocation is not there in a browser')
  await shop.until('granted devices are told', () => shop.ask(() => wx.getAppAuthorizeSetting().cameraAuthorized === 'authorized'))
  assert.match(await shop.ask(() => { try { return String(wx.createCanvasContext('c')) } catch (error) { return error.message } }), /not supported in a browser/)
  await shop.until('the console says so', () => shop.page.locator('.lines .warn', { hasText: 'wx.scanCode' }).first().isVisible())
  const answer = await shop.ask(() => new Promise((resolve, reject) => wx.request({ url: '/demo/usersig', success: resolve, fail: reject })))
  assert.equal(answer.statusCode, 200)
  await shop.ask(() => wx.setStorageSync('cart', { one: [1] }))
  await shop.page.click('.reload')
  await shop.settled()
  await shop.says('load show ready')
  assert.deepEqual(await shop.ask(() => wx.getStorageSync('cart')), { one: [1] })
  await shop.close()
})

test('a_fault_is_shown_with_its_line_and_gone_when_the_file_is_saved', async () => {
  const shop = await Program.open(browser, server)
  await shop.says('load show ready')
  write('pages/home/home.wxml', (text) => `${text}\n<view>{{broken</view>\n`)
  await shop.page.waitForSelector('.problem')
  const problem = await shop.page.textContent('.problem')
  assert.match(problem, /pages\/home\/home\.wxml:\d+/)
  assert.match(problem, /\{\{broken/)
  await shop.screenshot('preview-fault')
  write('pages/home/home.wxml', (text) => text.replace('\n<view>{{broken</view>\n', '<view>repaired</view>'))
  await shop.page.waitForSelector('.problem', { state: 'detached' })
  await shop.settled()
  await shop.says('repaired')
  write('pages/home/home.js', (text) => text.replace("'../../utils/list'", "'../../utils/lost'"))
  await shop.page.waitForSelector('.problem')
  assert.match(await shop.page.textContent('.problem'), /module '..\/..\/utils\/lost' is not defined/)
  await shop.close()
})

test('a_folder_without_a_mini_program_is_refused_at_the_start', async () => {
  const empty = fs.mkdtempSync(path.join(os.tmpdir(), 'huitong-empty-'))
  await assert.rejects(Server.start({ preview: empty }), /There is no mini program in .*app\.json/s)
  fs.rmSync(empty, { recursive: true })
})

test('tabs_keep_their_pages_and_pages_hear_of_presses_and_scrolling', async () => {
  const other = await Server.start({ preview: path.join(FIXTURES, 'tabs') })
  try {
    const tabs = await Program.open(browser, other)
    await tabs.says('from the application')
    await tabs.until('the console names what is not there', () => tabs.page.locator('.lines .warn', { hasText: '<canvas>' }).isVisible())
    const color = () => tabs.ask(() => getComputedStyle(document.querySelector('#press')).color)
    await tabs.find('#press').hover()
    await tabs.page.mouse.down()
    assert.equal(await color(), 'rgb(1, 2, 3)')
    await tabs.page.mouse.up()
    assert.equal(await color(), 'rgb(0, 0, 0)')
    await tabs.ask(() => document.querySelector('.wx-page').scrollTo({ top: 99999 }))
    await tabs.says('bottom')
    assert.ok(await tabs.ask(() => getCurrentPages()[0].top > 500), 'the page knows where it is')
    await tabs.page.click('.tabs button:nth-child(2)')
    await tabs.says('second 1')
    await tabs.page.click('.tabs button:nth-child(1)')
    await tabs.says('press 2')
    await tabs.page.click('.tabs button:nth-child(2)')
    await tabs.says('second 1')
    assert.deepEqual(await tabs.stack(), ['pages/two/two'])
    assert.equal(await tabs.page.locator('.tabs .on').evaluate((tab) => getComputedStyle(tab).color), 'rgb(204, 0, 0)')
    assert.deepEqual(tabs.faults, [])
    await tabs.close()
  } finally {
    await other.stop()
  }
})
