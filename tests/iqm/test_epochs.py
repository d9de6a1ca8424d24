"""Each version belongs to one era of the numbers."""

import pytest

from mriqc_webapi.iqm.epochs import EPOCHS, epoch_of


@pytest.mark.parametrize(
    ('version', 'epoch'),
    [
        ('0.9.6', 'mriqc-0'),
        ('0.15.2', 'mriqc-0'),
        ('0.16.0', 'mriqc-0.16'),
        ('21.0.0rc2', 'mriqc-0.16'),
        ('22.0.0rc1', 'mriqc-22.0'),
        ('22.0.6', 'mriqc-22.0'),
        ('23.0.0', 'mriqc-22.0'),
        ('23.1.0', 'mriqc-23.1'),
        ('24.0.0', 'mriqc-24.0'),
        ('24.0.1', 'mriqc-24.0'),
        ('24.0.2', 'mriqc-24.0.2'),
        ('24.1.0.dev0+g3f2a91c', 'mriqc-24.0.2'),
        ('3f2a91c', 'mriqc-unknown'),
        (None, 'mriqc-unknown'),
    ],
)
def test_versions_of_mriqc_belong_to_its_eras(version, epoch):
    assert epoch_of('mriqc', version) == epoch


def test_the_spelling_of_the_software_does_not_matter():
    assert epoch_of(' MRIQC ', '22.0.6') == 'mriqc-22.0'


def test_other_software_is_an_era_of_its_own():
    assert epoch_of('PCP-QAP', '1.0.8') == 'pcp-qap'


def test_a_record_that_names_no_software_has_no_era():
    assert epoch_of(None, '1.0') is None
    assert epoch_of(' ', '1.0') is None


def test_eras_ascend_and_their_names_differ():
    assert [e.since for e in EPOCHS] == sorted({e.since for e in EPOCHS})
    assert len({e.name for e in EPOCHS}) == len(EPOCHS)
