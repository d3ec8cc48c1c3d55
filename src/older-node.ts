// What cordon and its libraries use and Node 20 does not have; the launcher loads it before everything else there.
import 'core-js/actual/array/from-async';
import 'core-js/actual/iterator';
import 'core-js/actual/map/group-by';
import 'core-js/actual/object/group-by';
import 'core-js/actual/promise/try';
import 'core-js/actual/promise/with-resolvers';
import 'core-js/actual/regexp/escape';
import 'core-js/actual/set';
import 'core-js/actual/symbol/async-dispose';
import 'core-js/actual/symbol/dispose';
