"""Filters recorded from Eve's service, and the five records they were asked of."""

import pytest

from mriqc_webapi.query.where import parse_where
from tests.query.reference import evaluate

STAMP = 'Thu, 24 Aug 2017 23:55:19 GMT'
SERIAL = '5f00000000000000000000aa'
RECORDS = [
    {
        'cjv': 0.1,
        'bids_meta': {
            'run_id': '1',
            'Manufacturer': 'Siemens',
            'EchoTime': 0.002,
            'RepetitionTime': 2.0,
            'ImageType': ['ORIGINAL', 'PRIMARY'],
        },
        'provenance': {'version': '0.9.4', 'settings': {'testing': False}},
    },
    {
        'cjv': 0.2,
        'bids_meta': {
            'run_id': '2',
            'Manufacturer': 'GE',
            'EchoTime': 0.003,
            'RepetitionTime': 2.5,
            'ImageType': ['DERIVED'],
        },
        'provenance': {'version': '0.9.7-rc5', 'settings': {'testing': True}},
    },
    {
        'cjv': 0.3,
        'bids_meta': {
            'run_id': '3',
            'Manufacturer': 'Philips',
            'RepetitionTime': 3.0,
            'acq_id': 'hi',
            'Coils': [{'name': 'a', 'n': 1}, {'name': 'b', 'n': 5}],
        },
        'provenance': {'version': '0.15.1', 'settings': {'testing': False}},
    },
    {
        'cjv': 0.4,
        'bids_meta': {
            'run_id': '4',
            'Nested': {'x': {'y': 7}},
            'ImageType': [],
            'Coils': [{'name': 'a', 'n': 9}],
        },
        'provenance': {'version': '21.0.0rc2', 'settings': {'testing': False}},
    },
    {
        'cjv': -1.0,
        'bids_meta': {
            'run_id': '5',
            'Manufacturer': 'siemens',
            'Extra': None,
            'DeviceSerialNumber': SERIAL,
            'Stamp': STAMP,
        },
        'provenance': {'version': '21.0.0rc2', 'settings': {'testing': False}},
    },
]
for number, record in enumerate(RECORDS):
    record |= {'_id': f'5f000000000000000000000{number}', '_created': STAMP, '_updated': STAMP}


@pytest.mark.parametrize(
    ('where', 'runs'),
    [
        ('', '12345'),
        ('{}', '12345'),
        ('null', '12345'),
        ('{"bids_meta.Manufacturer":"Siemens"}', '1'),
        ('{"bids_meta.RepetitionTime":2}', '1'),
        ('{"cjv":{"$gt":0.2}}', '34'),
        ('{"cjv":{"$gte":0.2}}', '234'),
        ('{"cjv":{"$lt":0.2}}', '15'),
        ('{"cjv":{"$lte":0.2}}', '125'),
        ('{"bids_meta.RepetitionTime":{"$gt":"1"}}', ''),
        ('{"provenance.version":{"$gte":"0.9.5","$lt":"1"}}', '2'),
        ('{"cjv":{"$eq":0.1}}', '1'),
        ('{"bids_meta.Manufacturer":{"$ne":"Siemens"}}', '2345'),
        ('{"bids_meta.Manufacturer":{"$in":["Siemens","GE"]}}', '12'),
        ('{"bids_meta.Manufacturer":{"$nin":["Siemens","GE"]}}', '345'),
        ('{"$and":[{"cjv":{"$gt":0.1}},{"cjv":{"$lt":0.4}}]}', '23'),
        ('{"$or":[{"bids_meta.Manufacturer":"GE"},{"cjv":{"$lt":0}}]}', '25'),
        ('{"$nor":[{"bids_meta.Manufacturer":"GE"},{"cjv":{"$lt":0}}]}', '134'),
        ('{"cjv":{"$not":{"$gt":0.2}}}', '125'),
        ('{"bids_meta.EchoTime":{"$not":{"$gt":0.002}}}', '1345'),
        (
            '{"$or":[{"$and":[{"cjv":{"$gt":0.1}},{"bids_meta.Manufacturer":"GE"}]},'
            '{"bids_meta.acq_id":"hi"}]}',
            '23',
        ),
        ('{"bids_meta.EchoTime":{"$exists":true}}', '12'),
        ('{"bids_meta.EchoTime":{"$exists":false}}', '345'),
        ('{"bids_meta.Extra":{"$exists":true}}', '5'),
        ('{"bids_meta.Extra":null}', '12345'),
        ('{"bids_meta.Manufacturer":null}', '4'),
        ('{"bids_meta.Manufacturer":{"$type":2}}', '1235'),
        ('{"bids_meta.ImageType":{"$size":2}}', '1'),
        ('{"bids_meta.ImageType":{"$all":["PRIMARY","ORIGINAL"]}}', '1'),
        ('{"bids_meta.ImageType":"DERIVED"}', '2'),
        ('{"bids_meta.ImageType":["ORIGINAL","PRIMARY"]}', '1'),
        ('{"bids_meta.ImageType":["PRIMARY","ORIGINAL"]}', ''),
        ('{"bids_meta.ImageType.0":"DERIVED"}', '2'),
        ('{"bids_meta.Coils.name":"b"}', '3'),
        ('{"bids_meta.Coils.name":"a","bids_meta.Coils.n":{"$gt":2}}', '34'),
        ('{"bids_meta.Coils":{"$elemMatch":{"name":"a","n":{"$gt":2}}}}', '4'),
        ('{"bids_meta.Nested.x.y":7}', '4'),
        ('{"bids_meta.Nested":{"x":{"y":7}}}', '4'),
        ('{"provenance.settings.testing":true}', '2'),
        ('{"provenance.settings.testing":1}', ''),
        ('{"nope.nada":1}', ''),
        ('{"_id":"5f0000000000000000000000"}', '1'),
        ('{"_id":{"$in":["5f0000000000000000000000","5f0000000000000000000002"]}}', '13'),
        ('{"_id":{"$gt":"5f0000000000000000000002"}}', '45'),
        ('{"_updated":"Thu, 24 Aug 2017 23:55:19 GMT"}', '12345'),
        (
            '{"_updated":{"$gt":"Thu, 24 Aug 2017 23:55:18 GMT",'
            '"$lt":"Thu, 24 Aug 2017 23:55:20 GMT"}}',
            '12345',
        ),
        ('{"_created":{"$gt":"Sat, 1 Jan 2000 00:00:00 GMT"}}', '12345'),
        ('{"_created":{"$gt":"Mon, 01 Jan 2000 00:00:00 GMT"}}', '12345'),
        ('{"_created":{"$gt":"Sat, 01 Jan 2000 00:00:00 UTC"}}', ''),
        (
            '{"$or":[{"_created":{"$lt":"Sat, 01 Jan 2000 00:00:00 GMT"}},'
            '{"_created":{"$gt":"Thu, 24 Aug 2017 23:55:18 GMT"}}]}',
            '12345',
        ),
        ('cjv >= 0.2', '234'),
        ('bids_meta.Manufacturer!="Siemens"', '2345'),
        ("bids_meta.Manufacturer=='GE'", '2'),
        ('bids_meta.Manufacturer==Siemens', '1'),
        ('cjv==0.1 or cjv>0.1 and bids_meta.Manufacturer=="GE"', '12'),
        ('_id==ObjectId("5f0000000000000000000002")', '3'),
        ('_id=="5f0000000000000000000002"', '3'),
        ('_created>=datetime(2000,1,1)', '12345'),
        ('_created==datetime(2017,8,24,23,55,19)', '12345'),
        ('_created>"Sat, 01 Jan 2000 00:00:00 GMT"', '12345'),
        ('bids_meta.RepetitionTime==2', '1'),
    ],
)
def test_the_answer_is_the_recorded_one(where, runs):
    assert answer(where) == runs


@pytest.mark.parametrize(
    ('where', 'runs'),
    [
        ('cjv>-0.5', '1234'),
        ('provenance.settings.testing==True', '2'),
        ('0.1<cjv<0.4', '23'),
        ('0.2<cjv', '34'),
        ('"Siemens"==bids_meta.Manufacturer', '1'),
        ('{"_created":{"$gt":"2000-01-01T00:00:00Z"}}', '12345'),
        (f'{{"bids_meta.DeviceSerialNumber":"{SERIAL}"}}', '5'),
        (f'{{"bids_meta.Stamp":"{STAMP}"}}', '5'),
    ],
)
def test_the_answer_is_better_than_the_recorded_one(where, runs):
    assert answer(where) == runs


def answer(where):
    expression = parse_where(where)
    return ''.join(r['bids_meta']['run_id'] for r in RECORDS if evaluate(expression, r))
