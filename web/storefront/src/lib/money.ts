const formats = new Map<string, { format: Intl.NumberFormat; unit: number }>();

function formatOf(currency: string) {
  let known = formats.get(currency);
  if (known === undefined) {
    const format = new Intl.NumberFormat('en-IE', { style: 'currency', currency });
    known = { format, unit: 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2) };
    formats.set(currency, known);
  }
  return known;
}

// 5800 EUR -> "€58.00"
export function money(amount: number, currency: string): string {
  const { format, unit } = formatOf(currency);
  return format.format(amount / unit);
}

// 2100 -> "21%", 725 -> "7.25%"
export function percent(basisPoints: number): string {
  return `${Number((basisPoints / 100).toFixed(2))}%`;
}
