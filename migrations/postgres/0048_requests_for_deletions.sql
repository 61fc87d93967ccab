-- That phones leave the inventory may be for two as well.

ALTER TABLE change_requests DROP CONSTRAINT change_requests_kind_check;
ALTER TABLE change_requests ADD CONSTRAINT change_requests_kind_check CHECK (kind IN (
    'second_factor_reset', 'rules', 'second_factor_roles', 'networks', 'phones_deletion'));
