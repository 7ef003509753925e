export declare const BUDGETS: Record<string, number>;
export declare function budgetTable(sizes: [string, number][]): string;
