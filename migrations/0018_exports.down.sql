drop table exports;
delete from jobs where kind = 'export_user';
