package pool

import (
	"context"
	"database/sql/driver"
	"io"
	"reflect"

	"github.com/plimsoll-go/plimsoll/budget"
)

// rows are the answer to a query. They are charged for until they are closed,
// and what goes wrong on the way is explained. What a driver's rows cannot say
// about their columns is answered as database/sql answers it.
type rows struct {
	driver.Rows
	session *Session
	ctx     context.Context //nolint:containedctx // driver.Rows takes none
	charge  budget.Entry
	err     error // of the last Next, for the bill
}

func (s *Session) rows(ctx context.Context, charge budget.Entry, found driver.Rows, err error) (driver.Rows, error) {
	if err != nil {
		charge.End(err)
		return nil, s.explain(ctx, err)
	}
	return &rows{Rows: found, session: s, ctx: ctx, charge: charge}, nil
}

// Next implements driver.Rows.
func (r *rows) Next(dest []driver.Value) error {
	err := r.Rows.Next(dest)
	if err == nil || err == io.EOF { //nolint:errorlint // as database/sql compares
		return err
	}
	r.err = err
	return r.session.explain(r.ctx, err)
}

// Close implements driver.Rows.
func (r *rows) Close() error {
	err := r.Rows.Close()
	if r.err == nil {
		r.err = err
	}
	r.charge.End(r.err)
	return r.session.explain(r.ctx, err)
}

// HasNextResultSet implements driver.RowsNextResultSet.
func (r *rows) HasNextResultSet() bool {
	next, ok := r.Rows.(driver.RowsNextResultSet)
	return ok && next.HasNextResultSet()
}

// NextResultSet implements driver.RowsNextResultSet.
func (r *rows) NextResultSet() error {
	if next, ok := r.Rows.(driver.RowsNextResultSet); ok {
		return next.NextResultSet()
	}
	return io.EOF
}

// ColumnTypeScanType implements driver.RowsColumnTypeScanType.
func (r *rows) ColumnTypeScanType(i int) reflect.Type {
	if column, ok := r.Rows.(driver.RowsColumnTypeScanType); ok {
		return column.ColumnTypeScanType(i)
	}
	return reflect.TypeFor[any]()
}

// ColumnTypeDatabaseTypeName implements driver.RowsColumnTypeDatabaseTypeName.
func (r *rows) ColumnTypeDatabaseTypeName(i int) string {
	if column, ok := r.Rows.(driver.RowsColumnTypeDatabaseTypeName); ok {
		return column.ColumnTypeDatabaseTypeName(i)
	}
	return ""
}

// ColumnTypeLength implements driver.RowsColumnTypeLength.
func (r *rows) ColumnTypeLength(i int) (int64, bool) {
	if column, ok := r.Rows.(driver.RowsColumnTypeLength); ok {
		return column.ColumnTypeLength(i)
	}
	return 0, false
}

// ColumnTypeNullable implements driver.RowsColumnTypeNullable.
func (r *rows) ColumnTypeNullable(i int) (nullable, ok bool) {
	if column, ok := r.Rows.(driver.RowsColumnTypeNullable); ok {
		return column.ColumnTypeNullable(i)
	}
	return false, false
}

// ColumnTypePrecisionScale implements driver.RowsColumnTypePrecisionScale.
func (r *rows) ColumnTypePrecisionScale(i int) (precision, scale int64, ok bool) {
	if column, ok := r.Rows.(driver.RowsColumnTypePrecisionScale); ok {
		return column.ColumnTypePrecisionScale(i)
	}
	return 0, 0, false
}
